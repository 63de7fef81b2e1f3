package feed

import (
	"context"
	"sort"

	"monitord/alerts"
)

// loose knows where the announcements of events without a number stand: at
// positions after the newest number that has been told. The events themselves are
// the log's until they are on disk. The zero value has none.
type loose struct {
	announced uint64   // the newest one
	at        []placed // since the newest number, ascending
}

// placed says where one announcement stands. Those after it follow it without a
// gap, up to the next placed one.
type placed struct {
	announced uint64
	pos       int64
}

// add takes in an announcement and where it was told, if there was a place.
func (l *loose) add(announced uint64, pos int64, ok bool) {
	l.announced = max(l.announced, announced)
	if n := len(l.at); ok && (n == 0 || pos-l.at[n-1].pos != int64(announced-l.at[n-1].announced)) {
		l.at = append(l.at, placed{announced, pos})
	}
}

// position returns where an announcement stands, 0 if it was told before the newest
// number.
func (l *loose) position(announced uint64) int64 {
	i := sort.Search(len(l.at), func(i int) bool { return l.at[i].announced > announced })
	if i == 0 {
		return 0
	}
	return l.at[i-1].pos + int64(announced-l.at[i-1].announced)
}

// again returns what was announced before an event and is to be told once more: a
// disk that took some and refuses again has put older news behind it.
func (f *Feed) again(e *alerts.Event) []alerts.Event {
	f.mu.Lock()
	fresh := len(f.loose.at) == 0
	f.mu.Unlock()
	if !fresh || e.Announced == 0 {
		return nil
	}
	before, _ := f.o.Alerts.Loose(e.Announced - 1)
	return before[:len(before):len(before)]
}

// standing returns what has been told where the alerts have got to.
func (f *Feed) standing() (seq uint64, end int64, told loose) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seq, eventPosition(f.seq) + f.extra, f.loose
}

// picture returns the alerts that are pending or firing, the number up to which that
// holds, and the position up to which it holds with what has no number.
func (f *Feed) picture(ctx context.Context) (active []alerts.Event, seq uint64, at int64) {
	for left := 3; ; left-- {
		told, end, loose := f.standing()
		active, seq = f.o.Alerts.Picture(loose.announced)
		if seq == told || left == 0 {
			return active, seq, max(end, eventPosition(seq))
		}
		// What comes without a number from now on is told after what has been told, so
		// that has to be all.
		if err := f.follow(ctx); err != nil {
			left = 1
		}
	}
}

// loosePage returns what stands behind the numbers after a position, and the newest
// number at that moment: there is nothing if that is beyond the position.
func (m *matched) loosePage(after int64) (p page, seq uint64) {
	_, end, told := m.feed.standing()
	events, seq := m.feed.o.Alerts.Loose(told.announced)
	if seq > eventNumber(after) {
		return page{}, seq
	}
	p.to = end
	bytes := 0
	for i := range events {
		pos := told.position(events[i].Announced)
		if pos <= after || pos > end { // there was no place for it
			continue
		}
		message := m.message(&events[i])
		if message == nil {
			continue
		}
		if bytes >= pageBytes {
			p.to = pos - 1
			break
		}
		p.add(message, pos)
		bytes += len(message)
	}
	return p, seq
}
