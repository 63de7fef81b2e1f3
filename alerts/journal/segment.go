package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// segment is one file of the log. Its header and path never change. Several
// readers and the writer may use it; what grows is behind its lock.
type segment struct {
	header
	path     string
	size     int64
	headless bool   // nothing in the header can be believed but what was found out otherwise
	after    uint64 // first number of the segment behind it; 0 if not known
	ended    bool   // end is known from the segment behind it
	report   func(s *segment, f findings)

	mu      sync.Mutex // guards the fields below
	file    *os.File   // held open while it is written to, nil afterwards
	end     int64      // behind the last acknowledged record
	index   []indexed
	indexed bool     // the index reaches up to end
	found   findings // of the last examination
	missed  bool     // it is known to be gone
}

// indexed says that the events from number seq on begin at off or later.
type indexed struct {
	seq uint64
	off int64
}

// indexEvery is how far apart entries of the index are: a reader steps over that much at most.
const indexEvery = 64 << 10

const suffix = ".journal"

func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%010d%s", number, suffix))
}

func segmentNumber(name string) (uint64, bool) {
	base, ok := strings.CutSuffix(name, suffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(base, 10, 64)
	return n, err == nil && n > 0
}

// note takes a record into the index. The caller holds mu or owns the segment.
func (s *segment) note(r stored) {
	if r.Kind != Event {
		return
	}
	if n := len(s.index); n == 0 || r.off >= s.index[n-1].off+indexEvery {
		s.index = append(s.index, indexed{seq: r.Seq, off: r.off})
	}
}

// seek returns where to start looking for the event seq, and where records
// end. A segment from an earlier run is indexed when it is first asked.
func (s *segment) seek(f *os.File, seq uint64) (from, to int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.examined(f); err != nil {
		return 0, 0, err
	}
	i := sort.Search(len(s.index), func(i int) bool { return s.index[i].seq > seq })
	if i == 0 {
		return dataStart, s.end, nil
	}
	return s.index[i-1].off, s.end, nil
}

// open returns the file for reading and what to do when done.
func (s *segment) open() (*os.File, func(), error) {
	s.mu.Lock()
	f := s.file
	s.mu.Unlock()
	if f != nil {
		return f, func() {}, nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}

// reopened takes the file to write to.
func (s *segment) reopened(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file = f
}

// retire closes the file once nothing more is written to it.
func (s *segment) retire() {
	s.mu.Lock()
	f := s.file
	s.file = nil
	s.mu.Unlock()
	if f != nil {
		f.Close()
	}
}

// grow publishes the records that end at end.
func (s *segment) grow(recs []stored, end int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range recs {
		s.note(r)
	}
	s.end = end
}
