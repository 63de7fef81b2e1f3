package journal

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// A whole is what tells one journal from another, as far as it has come.
type whole struct{ epoch, last uint64 }

// A chore is a file that is no part of the journal.
type chore struct {
	path string
	keep bool // under another name, since there is something in it
}

// A parked segment is the newest one, as it was read and before it is written to.
type parked struct {
	*segment
	torn    int64 // up to here there may be something behind its end
	cut     bool  // the file is shorter than it was
	reserve bool  // numbers behind its last record may have been given out
	t       int64 // of its last record
}

// take locks the directory, and makes it if there is none.
func (j *Journal) take() (err error) {
	if j.lock != nil {
		return nil
	}
	if err := j.dev.makeDir(j.dir); err != nil {
		return err
	}
	j.lock, err = j.dev.lock(filepath.Join(j.dir, "lock"))
	return err
}

// claim does what Open could not: nothing is written before the directory is
// this process's own, and what is in it is what was read. The caller holds mu.
func (j *Journal) claim() error {
	if !j.known {
		if err := j.take(); err != nil {
			return err
		}
		seen := newJournal(j.dir, Options{Log: slog.New(slog.DiscardHandler)}, j.size, j.dev)
		if err := seen.load(); err != nil {
			return err
		}
		if j.found != (whole{seen.epoch, seen.Last()}) {
			return ErrReplaced
		}
		j.known, j.nextNo, j.chores = true, seen.nextNo, seen.chores
	}
	j.tidy()
	return nil
}

// tidy puts away what is no part of the journal. What cannot be put away now is
// tried again, and no segment is dropped before. The caller holds mu.
func (j *Journal) tidy() {
	var left []chore
	for _, c := range j.chores {
		var err error
		if c.keep {
			err = j.dev.rename(c.path, c.path+".lost")
		} else {
			err = j.dev.remove(c.path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			left = append(left, c)
			j.log.Debug("putting away what is no part of the journal failed", "file", c.path, "err", err)
		}
	}
	j.chores = left
}

// takeUp makes the parked segment the current one. Without an error there may be
// none all the same, and then a fresh one is to follow. The caller holds mu.
func (j *Journal) takeUp() error {
	p := j.parked
	// A file that was begun behind it and removed says where its acknowledged part
	// ended then: a power cut must not bring that back.
	if err := j.dev.syncDir(j.dir); err != nil {
		j.counts.writeErrors.Add(1)
		return err
	}
	f, err := j.dev.open(p.path, os.O_RDWR)
	if err != nil {
		j.counts.writeErrors.Add(1)
		return err
	}
	p.reopened(f)
	j.cur, j.headed, j.parked = p.segment, true, nil
	if err := j.rewriteTail(p.segment, p.torn); err != nil {
		j.abandon(err)
		return err
	}
	if p.reserve {
		if p.end+minRecord > j.size {
			j.prev, j.cur = p.segment, nil // the next one's header reserves them
			p.retire()
			return nil
		}
		if _, err := j.tryWrite([]stored{{Record: Record{Kind: mark, Seq: j.Last(), T: p.t}}}); err != nil {
			return err
		}
	}
	if p.cut { // and shows it no more: the reserve is on disk
		if err := j.dev.allocate(f, j.size); err != nil {
			j.abandon(err)
			return err
		}
	}
	return nil
}

// rewriteTail writes what may have reached only memory once more, and zeros up
// to torn. The process before may have been killed between write and sync, or
// its sync may have failed: then the kernel shows data that no disk holds and
// takes it for written.
func (j *Journal) rewriteTail(cur *segment, torn int64) error {
	const most = 64 << 10
	b := make([]byte, min(most, cur.end-dataStart), most)
	from := cur.end - int64(len(b))
	if _, err := cur.file.ReadAt(b, from); err != nil {
		return err
	}
	if torn > cur.end {
		b = append(b, make([]byte, torn-cur.end)...)
	}
	if err := j.dev.write(cur.file, b, from); err != nil {
		return err
	}
	if err := j.dev.write(cur.file, cur.block(), 0); err != nil {
		return err
	}
	return j.dev.sync(cur.file)
}
