package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of all silences together, those of the configuration aside. Expired
// ones make room; when that is not enough, no more are taken.
const (
	maxSilences      = 1000
	maxSilencesBytes = 1 << 20 // encoded, with four for each character of a compiled regular expression
	keepExpired      = 5 * 24 * time.Hour
)

// Why a silence cannot be changed. Everything else that Put and Expire return is
// about what was asked for.
var (
	ErrNoSilence    = errors.New("no silence has this id")
	ErrQuietHours   = errors.New("this silence is in the configuration under [[alerts.silences]], change it there and reload")
	ErrNotStored    = errors.New("the journal takes no silence now, try again when the disk does")
	ErrSilenceEnded = errors.New("the silence has expired already")

	errTooManySilences = fmt.Errorf("there are %d silences that have not expired, as many as there may be: expire some first", maxSilences)
	errSilencesTooBig  = fmt.Errorf("all silences together may take %d bytes, and with this one they would take more: expire some first, or write shorter matchers and comments", maxSilencesBytes)
)

// Silences are all silences that there are: those that people make are notes in
// the log, on disk before anybody is told that they are in force, and those of
// the configuration beside them. Those that have expired are shown for five days.
//
// Use NewSilences. It is safe for concurrent use. Only changes wait for the disk.
type Silences struct {
	log *Log
	now func() time.Time

	writing sync.Mutex // one change at a time
	set     atomic.Pointer[silenceSet]
}

// A silenceSet is the silences at one moment. It is immutable.
type silenceSet struct {
	made  map[string]*Silence // by id
	bytes map[string]int      // about what each of them takes
	quiet []*quiet            // those of the configuration
}

// NewSilences returns the silences that the log has. Time is what now says.
func NewSilences(l *Log, now func() time.Time) *Silences {
	s := &Silences{log: l, now: now}
	s.set.Store(s.fromLog())
	return s
}

// fromLog is what the log has.
func (s *Silences) fromLog() *silenceSet {
	set := &silenceSet{made: make(map[string]*Silence), bytes: make(map[string]int)}
	for _, made := range s.log.Silences() {
		set.made[made.ID] = made
		b, _ := encodeNote(made.stored()) // it came from one
		set.bytes[made.ID] = len(b) + 4*regexSize(made.Matchers)
	}
	return set
}

// Load replaces the silences of the configuration, all of them or, if there is
// any fault, none. The faults are those of [CheckSilences].
func (s *Silences) Load(configs []SilenceConfig) []error {
	all, faults := compileSilences(configs, s.clock())
	if len(faults) > 0 {
		return faults
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	next := *s.set.Load()
	next.quiet = all
	s.set.Store(&next)
	return nil
}

// clock is now as silences have it: in whole milliseconds.
func (s *Silences) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// Put makes a silence or, when it has an ID, changes the one that has it. It
// returns the ID under which it is in force, which is a new one where the change
// is more than of author, comment and end, as with Alertmanager: the old one
// expires then. A StartsAt in the past, or none, is now.
func (s *Silences) Put(ctx context.Context, want Silence) (string, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	now := s.clock()
	want.UpdatedAt, want.Name = now, ""
	want.StartsAt, want.EndsAt = want.StartsAt.UTC().Truncate(time.Millisecond), want.EndsAt.UTC().Truncate(time.Millisecond)
	if want.StartsAt.UnixMilli() <= 0 {
		want.StartsAt = now
	}
	if err := want.check(); err != nil {
		return "", err
	}
	if !want.EndsAt.After(now) {
		return "", errors.New("end time can't be in the past")
	}
	set := s.set.Load()
	before, err := set.own(want.ID)
	if want.ID != "" && err != nil {
		return "", err
	}
	changes := []*Silence{&want}
	if before == nil || !before.mayBecome(&want, now) {
		if before != nil && before.State(now) != SilenceExpired {
			changes = append(changes, before.ended(now))
		}
		want.ID = newSilenceID()
		if want.StartsAt.Before(now) {
			want.StartsAt = now
		}
	}
	return want.ID, s.store(ctx, set, now, changes...)
}

// mayBecome tells whether a change of the silence leaves it the same one.
func (s *Silence) mayBecome(want *Silence, now time.Time) bool {
	if s.Matchers.String() != want.Matchers.String() {
		return false
	}
	switch s.State(now) {
	case SilenceActive:
		return s.StartsAt.Unix() == want.StartsAt.Unix() // those who copy a silence may round its times
	case SilencePending:
		return !want.StartsAt.Before(now)
	}
	return false
}

// ended is the silence, expired. One that has not begun never begins.
func (s *Silence) ended(now time.Time) *Silence {
	e := *s
	if e.StartsAt.After(now) {
		e.StartsAt = now
	}
	e.EndsAt, e.UpdatedAt = now, now
	return &e
}

// Expire ends a silence now.
func (s *Silences) Expire(ctx context.Context, id string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	set, now := s.set.Load(), s.clock()
	before, err := set.own(id)
	if err != nil {
		return err
	}
	if before.State(now) == SilenceExpired {
		return ErrSilenceEnded
	}
	return s.store(ctx, set, now, before.ended(now))
}

// own returns a silence that may be changed.
func (set *silenceSet) own(id string) (*Silence, error) {
	if s := set.made[id]; s != nil {
		return s, nil
	}
	for _, q := range set.quiet {
		if q.silence.ID == id {
			return nil, fmt.Errorf("%q: %w", q.silence.Name, ErrQuietHours)
		}
	}
	return nil, ErrNoSilence
}

// store writes silences down and then puts them in force. What expired long ago
// goes with the same write: a silence is never forgotten because of the clock
// alone, which may be wrong.
func (s *Silences) store(ctx context.Context, set *silenceSet, now time.Time, changes ...*Silence) error {
	next := &silenceSet{made: maps.Clone(set.made), bytes: maps.Clone(set.bytes), quiet: set.quiet}
	var notes []Note
	for _, c := range changes {
		b, err := encodeNote(c.stored())
		if err != nil {
			return err
		}
		if len(b) > maxSilenceBytes {
			return fmt.Errorf("the silence has %d bytes, may have %d: write fewer or shorter matchers", len(b), maxSilenceBytes)
		}
		next.made[c.ID], next.bytes[c.ID] = c, len(b)+4*regexSize(c.Matchers)
		notes = append(notes, c)
	}
	for _, id := range next.forget(now) {
		notes = append(notes, forgotten(id))
	}
	if len(next.made) > maxSilences {
		return errTooManySilences
	}
	if next.size() > maxSilencesBytes {
		return errSilencesTooBig
	}
	if _, err := s.log.Append(ctx, nil, notes...); err != nil {
		// The disk may have taken the first of several: what it has is the truth.
		has := s.fromLog()
		has.quiet = set.quiet
		s.set.Store(has)
		return fmt.Errorf("%w: %w", ErrNotStored, err)
	}
	s.set.Store(next)
	return nil
}

func (set *silenceSet) size() int {
	n := 0
	for _, b := range set.bytes {
		n += b
	}
	return n
}

// forget takes out what expired more than five days ago, and of what expired
// since then the oldest, as long as there is too much.
func (set *silenceSet) forget(now time.Time) []string {
	var expired []*Silence
	for _, s := range set.made {
		if s.State(now) == SilenceExpired {
			expired = append(expired, s)
		}
	}
	slices.SortFunc(expired, func(a, b *Silence) int {
		return cmp.Or(a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.ID, b.ID))
	})
	var gone []string
	size := set.size()
	for _, s := range expired {
		if now.Sub(s.EndsAt) < keepExpired && len(set.made) <= maxSilences && size <= maxSilencesBytes {
			break
		}
		size -= set.bytes[s.ID]
		delete(set.made, s.ID)
		delete(set.bytes, s.ID)
		gone = append(gone, s.ID)
	}
	return gone
}
