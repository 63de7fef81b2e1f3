package journal

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// recognise finds the segments in the directory, oldest first, and this
// journal's epoch. What is no part of the journal is to be removed if nothing is
// in it, and else to be kept under another name.
func (j *Journal) recognise() ([]*segment, error) {
	entries, err := j.dev.list(j.dir)
	if err != nil {
		return nil, err
	}
	var all []*segment
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix+unfinished) && e.Type().IsRegular() {
			j.chores = append(j.chores, chore{path: filepath.Join(j.dir, e.Name())})
		}
		number, ok := segmentNumber(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		s := &segment{path: segmentPath(j.dir, number), size: j.size, report: j.damage}
		if s.header, err = j.dev.readHeader(s.path); err != nil {
			return nil, err
		}
		if s.header.number != number {
			s.header = header{}
		}
		s.number = number
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *segment) int {
		if a.number < b.number {
			return -1
		}
		return 1
	})
	for _, s := range all {
		j.nextNo = max(j.nextNo, s.number+1)
		if s.epoch != 0 {
			j.epoch = s.epoch // the newest that can be read
		}
	}
	return j.chain(all)
}

// chain keeps those of all that belong to the journal, and learns from each
// header where the acknowledged part of the segment before ends.
func (j *Journal) chain(all []*segment) ([]*segment, error) {
	var segs []*segment
	newer := 0
	next := &segment{headless: true} // the last one kept
	for _, s := range slices.Backward(all) {
		if next.voids(s.number) {
			// Begun and never acknowledged from, if it is ours: the writes to it failed.
			blank := s.epoch == j.epoch
			if s.epoch == 0 {
				var err error
				if blank, _, err = j.dev.isBlank(s.path); err != nil {
					return nil, err
				}
			}
			j.chores = append(j.chores, chore{path: s.path, keep: !blank})
			continue
		}
		foreign := s.epoch != 0 && s.epoch != j.epoch
		s.headless = s.epoch == 0
		s.epoch = j.epoch
		info, err := os.Stat(s.path)
		if err != nil {
			return nil, err
		}
		s.end = info.Size()
		s.after = next.first
		if next.prev == s.number {
			s.end, s.ended = next.prevEnd, true
		}
		if foreign || s.headless {
			keep, err := j.doubtful(s, foreign, info.Size())
			if err != nil {
				return nil, err
			}
			if !keep {
				continue
			}
		}
		if len(segs) == 0 {
			j.unknown, newer = 0, j.unknown
		}
		segs = append(segs, s)
		next = s
	}
	j.unknown = newer
	slices.Reverse(segs)
	return segs, nil
}

// voids tells whether nothing of the segment of that number, which is lower, was
// ever acknowledged: the header says which one goes before this one, or that none does.
func (s *segment) voids(number uint64) bool {
	return !s.headless && (s.prev != 0 && number > s.prev || s.prev == 0 && s.first == 1)
}

// doubtful decides about a segment whose header cannot be read, or is another journal's.
func (j *Journal) doubtful(s *segment, foreign bool, size int64) (keep bool, err error) {
	if !foreign {
		blank, unread, err := j.dev.isBlank(s.path)
		if err != nil {
			return false, err
		}
		if unread && j.epoch == 0 {
			// Nothing says that it is not the disk which is at fault, for a moment.
			return false, &os.PathError{Op: "read", Path: s.path, Err: syscall.EIO}
		}
		if blank && size >= j.size { // allocated ahead, never begun
			j.chores = append(j.chores, chore{path: s.path})
			return false, nil
		}
		if j.epoch != 0 {
			f, err := os.Open(s.path)
			if err != nil {
				return false, err
			}
			defer f.Close()
			found, err := s.examine(j.dev.from(f), s.end)
			if err != nil {
				return false, err
			}
			if found.end > dataStart {
				s.first = max(found.from, 1)
				j.counts.damaged.Add(1)
				j.log.Error("a journal file has lost its header", "file", s.path)
				return true, nil
			}
		}
	}
	if !foreign {
		j.unknown++
	}
	j.counts.damaged.Add(1)
	j.log.Error("a journal file cannot be recognised and is put aside", "file", s.path, "as", s.path+".lost")
	j.chores = append(j.chores, chore{path: s.path, keep: true})
	return false, nil
}

// isBlank tells whether a file has nothing but zeros; unread says that its header may be
// there and cannot be read.
func (d device) isBlank(path string) (blank, unread bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, false, err
	}
	rest, err := readTail(d.from(f), 0, info.Size(), 0)
	bad := rest.bad.to > 0
	return rest.end == 0 && !bad, bad && rest.bad.from < dataStart, err
}

// readHeader returns the first copy that is whole, or the zero header.
func (d device) readHeader(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	w := window{r: d.from(f), all: headerLen}
	for _, off := range []int64{0, copyAt} {
		b, err := w.at(off, headerLen)
		if err != nil {
			return header{}, err
		}
		if h, ok := parseHeader(b); ok && h.epoch != 0 && h.number != 0 && h.prevEnd >= 0 {
			return h, nil
		}
	}
	return header{}, nil
}

// damage counts and tells what an examination found.
func (j *Journal) damage(s *segment, f findings) {
	j.counts.damaged.Add(uint64(f.damaged))
	j.counts.lost.Add(f.lost())
	j.log.Error("records of the journal are damaged", "file", s.path, "stretches", f.damaged, "events_lost", f.lost())
}
