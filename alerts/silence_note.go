package alerts

import (
	"context"
	"maps"
	"slices"

	"monitord/alerts/silence"
)

// A silenceNote is the note of a silence: that it was made, changed or forgotten.
type silenceNote silence.Record

func (n silenceNote) stored() storedNote {
	r := silence.Record(n)
	return storedNote{Silence: &r}
}

// Silences returns the silences that people have made, by id, expired ones among
// them.
func (l *Log) Silences() []*silence.Silence {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*silence.Silence, 0, len(l.fold.silences))
	for _, id := range slices.Sorted(maps.Keys(l.fold.silences)) {
		all = append(all, l.fold.silences[id])
	}
	return all
}

// PutSilences writes what became of silences. They are durable only without an
// error.
func (l *Log) PutSilences(ctx context.Context, records ...silence.Record) error {
	notes := make([]Note, len(records))
	for i, r := range records {
		notes[i] = silenceNote(r)
	}
	_, err := l.Append(ctx, nil, notes...)
	return err
}
