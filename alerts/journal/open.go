package journal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"syscall"
	"time"
)

// Open opens the journal in dir, or begins one there. It cuts off what a crash
// left half written, and works on a full disk.
//
// A disk that takes nothing is no error, nor is one that cannot be read: the
// journal has what could be read, Append fails, and Append and Tend try again.
// What does not get better by itself is: a directory that another process uses,
// or that this one has no permission for.
func Open(dir string, o Options) (*Journal, error) {
	j, err := open(dir, o, SegmentSize, realDevice())
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("open the journal in %s: %w: the directory and all in it must belong to the user that this runs as: change its owner, or choose another directory", dir, err)
	case err != nil:
		return nil, fmt.Errorf("open the journal in %s: %w", dir, err)
	}
	return j, nil
}

func open(dir string, o Options, size int64, dev device) (_ *Journal, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	j := newJournal(dir, o, size, dev)
	defer func() {
		if err != nil {
			j.Close()
		}
	}()
	taken := j.take()
	if taken != nil && !passes(taken) {
		return nil, taken
	}
	read := j.load()
	switch {
	case taken != nil && errors.Is(read, fs.ErrNotExist):
		read = taken
	case read != nil && !passes(read):
		return nil, read
	}
	if read != nil {
		j.view.Store(&view{first: 1})
		j.epoch, j.parked, j.prev, j.chores = 0, nil, nil, nil
	}
	j.known, j.found = taken == nil && read == nil, whole{j.epoch, j.Last()}
	if j.epoch == 0 {
		if j.epoch, err = newEpoch(); err != nil {
			return nil, err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	// Whoever is told the epoch must find it again, though nothing happens before
	// the next start.
	if err := j.ready(); errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrLocked) {
		return nil, err
	} else if err != nil {
		j.refused = true
		j.counts.broken.Store(true)
		j.counts.failing.Store(true) // said here
		j.log.Error("the journal cannot be written, it is tried again every second", "dir", dir, "last", j.Last(), "err", err)
		return j, nil
	}
	_ = j.allocateNext() // counted and logged; the current segment may still have room
	return j, nil
}

func newJournal(dir string, o Options, size int64, dev device) *Journal {
	j := &Journal{dir: dir, log: o.Log, dev: dev, size: size, limits: o, nextNo: 1}
	j.view.Store(&view{first: 1})
	return j
}

// passes tells whether it is the disk that is at fault, which may be full, broken or
// read-only for a time.
func passes(err error) bool {
	return slices.ContainsFunc([]error{
		syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EIO, syscall.ESTALE,
	}, func(target error) bool { return errors.Is(err, target) })
}

func newEpoch() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return max(binary.LittleEndian.Uint64(b[:]), 1), nil
}

// ready sees to a current segment whose header is on disk. The caller holds mu.
func (j *Journal) ready() error {
	if err := j.makeRoom(stored{Record: Record{T: time.Now().UnixMilli()}}); err != nil {
		return err
	}
	if j.headed {
		return nil
	}
	_, err := j.tryWrite(nil)
	return err
}
