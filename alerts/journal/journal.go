package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// SegmentSize is the size of a file of the log, allocated as a whole.
const SegmentSize = 4 << 20

var (
	// ErrLocked says that another process has the journal open.
	ErrLocked = errors.New("the journal is in use by another process: stop that one, or choose another directory")
	// ErrReplaced says that the directory could not be read, or locked, when the
	// journal was opened, and that there is something else in it than was read then.
	// The journal takes nothing any more; it is to be opened again.
	ErrReplaced = errors.New("the journal could not be read at the start and can be now: start again to go on with what is in it")
	// ErrClosed is what a closed journal answers.
	ErrClosed = errors.New("the journal is closed")
	// ErrExpired says that what a reader asked for is no longer kept: go on from First()-1.
	ErrExpired = errors.New("no longer kept in the journal")
	// ErrBeyond says that a reader asked for what follows a number that was never given out.
	ErrBeyond = errors.New("beyond the end of the journal")
	// ErrTooLarge says that a record's Data is larger than MaxRecord, or a snapshot has too many parts.
	ErrTooLarge = errors.New("too large for the journal")
)

// Options of a journal. The zero value keeps everything and logs to slog's default.
type Options struct {
	Keep    time.Duration // how long events are kept, 0 = without end
	MaxSize int64         // bytes of all segments together, 0 = unbounded; never less than three segments
	Log     *slog.Logger
}

// Journal is an open log. Use Open; the zero value is not usable. Safe for
// concurrent use. Whoever opened it closes it.
type Journal struct {
	dir   string
	log   *slog.Logger
	dev   device
	size  int64 // of a segment
	epoch uint64

	view   atomic.Pointer[view]
	counts counts
	closed atomic.Bool

	mu      sync.Mutex // guards the fields below, and is held while writing
	lock    *os.File   // nil until the directory could be locked
	known   bool       // the directory was locked when it was read
	found   whole      // what was read
	chores  []chore
	parked  *parked // the newest segment as it was read, until it is written to or another one is
	refused bool    // Open could not write, and nothing was written since
	limits  Options
	cur     *segment // what is written to; nil after a failure, until a fresh one takes its place
	headed  bool     // cur's header is in the file
	prev    *segment // what cur follows
	next    *os.File // the segment allocated ahead; nil if the disk refused
	nextNo  uint64
	unknown int      // at Open: files behind the newest segment of which nothing can be read
	snap    position // where the newest complete snapshot begins; the zero value for none
	since   int64    // bytes written since
	buf     []byte
	batch   []stored
}

// view is what readers see: replaced as a whole, never changed.
type view struct {
	segs  []*segment // oldest first, never empty
	first uint64
	last  uint64
}

// Epoch names this journal: another one means that numbers start anew. 16 hex digits.
func (j *Journal) Epoch() string { return fmt.Sprintf("%016x", j.epoch) }

// Last is the highest number given out, 0 if none was.
func (j *Journal) Last() uint64 { return j.view.Load().last }

// First is the lowest number kept; Last()+1 if no event is.
func (j *Journal) First() uint64 { return j.view.Load().first }

// Close lets go of the directory. What was acknowledged is already on disk.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed.Swap(true) {
		return nil
	}
	if j.cur != nil {
		j.cur.retire()
	}
	if j.next != nil {
		j.next.Close()
	}
	if j.lock == nil {
		return nil
	}
	return j.lock.Close()
}
