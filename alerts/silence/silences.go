package silence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of all silences together, those of the configuration aside. Expired
// ones make room; when that is not enough, no more are taken.
const (
	maxNumber   = 1000
	maxAllBytes = 1 << 20 // encoded, with four for each character of a compiled regular expression
	keepExpired = 5 * 24 * time.Hour
)

// Why a silence cannot be changed. Everything else that Put and Expire return is
// about what was asked for.
var (
	ErrUnknown    = errors.New("no silence has this id")
	ErrQuietHours = errors.New("this silence is in the configuration under [[alerts.silences]], change it there and reload")
	ErrNotStored  = errors.New("the journal takes no silence now, try again when the disk does")
	ErrExpired    = errors.New("the silence has expired already")

	errTooMany = fmt.Errorf("there are %d silences that have not expired, as many as there may be: expire some first", maxNumber)
	errTooBig  = fmt.Errorf("all silences together may take %d bytes, and with this one they would take more: expire some first, or write shorter matchers and comments", maxAllBytes)
)

// A Log keeps on disk the silences that people make.
type Log interface {
	// Silences returns what it has, without those that were forgotten.
	Silences() []*Silence
	// PutSilences writes records, all of them unless there is an error.
	PutSilences(ctx context.Context, records ...Record) error
}

// Silences are all silences that there are: those that people make are in the
// log, on disk before anybody is told that they are in force, and those of
// the configuration beside them. Those that have expired are shown for five days.
//
// Use New. It is safe for concurrent use. Only changes wait for the disk.
type Silences struct {
	log Log
	now func() time.Time

	writing sync.Mutex // one change at a time
	set     atomic.Pointer[stock]
}

// New returns the silences that the log has. Time is what now says.
func New(l Log, now func() time.Time) *Silences {
	s := &Silences{log: l, now: now}
	s.set.Store(s.fromLog())
	return s
}

// Configured returns the silences of the configuration alone: there is no log, and
// people can make none. The faults are those of [Check].
func Configured(configs []Config) (*Silences, []error) {
	s := New(noLog{}, time.Now)
	return s, s.Load(configs)
}

// noLog has nothing and takes nothing.
type noLog struct{}

func (noLog) Silences() []*Silence                         { return nil }
func (noLog) PutSilences(context.Context, ...Record) error { return ErrNotStored }

// fromLog is what the log has.
func (s *Silences) fromLog() *stock {
	set := &stock{made: make(map[string]*Silence), bytes: make(map[string]int)}
	for _, made := range s.log.Silences() {
		set.made[made.ID] = made
		set.add(made, made.Record().size())
	}
	return set
}

// Load replaces the silences of the configuration, all of them or, if there is
// any fault, none. The faults are those of [Check].
func (s *Silences) Load(configs []Config) []error {
	all, faults := compile(configs, s.clock())
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
		if before != nil && before.State(now) != Expired {
			changes = append(changes, before.ended(now))
		}
		want.ID = newID()
		if want.StartsAt.Before(now) {
			want.StartsAt = now
		}
	}
	return want.ID, s.store(ctx, set, now, changes...)
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
	if before.State(now) == Expired {
		return ErrExpired
	}
	return s.store(ctx, set, now, before.ended(now))
}

// store writes silences down and then puts them in force. What expired long ago
// goes with the same write: a silence is never forgotten because of the clock
// alone, which may be wrong.
func (s *Silences) store(ctx context.Context, set *stock, now time.Time, changes ...*Silence) error {
	next := &stock{made: maps.Clone(set.made), bytes: maps.Clone(set.bytes), quiet: set.quiet}
	var records []Record
	for _, c := range changes {
		r := c.Record()
		n := r.size()
		if n > maxBytes {
			return fmt.Errorf("the silence has %d bytes, may have %d: write fewer or shorter matchers", n, maxBytes)
		}
		next.add(c, n)
		records = append(records, r)
	}
	for _, id := range next.forget(now) {
		records = append(records, Record{ID: id, Forgotten: true})
	}
	if len(next.made) > maxNumber {
		return errTooMany
	}
	if next.size() > maxAllBytes {
		return errTooBig
	}
	if err := s.log.PutSilences(ctx, records...); err != nil {
		// The disk may have taken the first of several: what it has is the truth.
		has := s.fromLog()
		has.quiet = set.quiet
		s.set.Store(has)
		return fmt.Errorf("%w: %w", ErrNotStored, err)
	}
	s.set.Store(next)
	return nil
}
