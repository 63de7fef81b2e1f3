package journal

import "fmt"

// Snapshot writes what the writer knows: the next Fold begins with these parts
// instead of the records before them. A crash in the middle leaves the snapshot
// before in force. A journal without snapshots never drops a segment. t is Unix
// milliseconds; a part is at most MaxRecord bytes. While the disk has no space for
// the next segment there are no snapshots: what room there is, is for events.
func (j *Journal) Snapshot(parts [][]byte, t int64) error {
	if len(parts) > maxParts {
		return fmt.Errorf("write a snapshot of %d parts: %w", len(parts), ErrTooLarge)
	}
	if len(parts) == 0 {
		parts = [][]byte{nil}
	}
	batch := make([]stored, len(parts))
	for i, p := range parts {
		if len(p) > MaxRecord {
			return fmt.Errorf("write a snapshot with a part of %d bytes: %w", len(p), ErrTooLarge)
		}
		batch[i] = stored{Record: Record{Kind: Snapshot, T: t, Data: p}, part: uint16(i), last: i == len(parts)-1}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.closed.Load() && j.cur != nil {
		if err := j.allocateNext(); err != nil {
			return fmt.Errorf("write a snapshot to the journal: %w", err)
		}
	}
	if _, err := j.append(batch); err != nil {
		return fmt.Errorf("write a snapshot to the journal: %w", err)
	}
	j.snap = position{batch[0].seg, batch[0].off}
	j.since = 0
	return nil
}

// SinceSnapshot is how many bytes were written since the last snapshot, that
// is, what the next Fold has to read beyond it. The writer decides when that
// is worth another one.
func (j *Journal) SinceSnapshot() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.since
}
