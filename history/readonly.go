package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// ReadOptions are what [OpenReadOnly] needs to know.
type ReadOptions struct {
	Dir      string        // that a daemon writes, or has written
	Lookback time.Duration // 0 means [DefaultLookback]
	// Keep is how far back at least what is appended beside the record is kept.
	Keep time.Duration
	// Log is told what of the record cannot be read and is left out. nil: nobody is.
	Log *slog.Logger
}

// OpenReadOnly returns the history that is on disk at this moment, and does not
// change as a daemon goes on writing: its blocks, and a copy of its log in a
// temporary directory. Nothing in the directory is changed or locked.
//
// What is appended is kept in memory beside it, for as long as Keep says, in
// whatever order its series come: each series' own times must grow, and whole
// hours must follow each other. See [DB.Hide].
//
// It waits, for a second at most, while a daemon is in the middle of making a block.
func OpenReadOnly(ctx context.Context, o ReadOptions) (*DB, error) {
	db, err := openApart(Options{Lookback: o.Lookback, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	db.hold.apart, db.hold.most = true, int(o.Keep/memorySpan)+3
	if db.past, err = openRecord(ctx, o.Dir, db.opts.Dir, db.keep.log); err != nil {
		return nil, fmt.Errorf("open history: %w", errors.Join(err, db.Close()))
	}
	return db, nil
}

// Hide has the series of the record that fit end at a time, so that what is
// appended from then on stands in their place. It must be called before the
// first query. On a history that is not read-only it does nothing.
func (db *DB) Hide(fits func(labels.Labels) bool, from int64) {
	if db.past != nil {
		db.past.hidden, db.past.hiddenFrom = fits, from
	}
}

// A record is what lies in a daemon's directory, as it was when it was opened.
type record struct {
	readers
	blocks []tsdb.BlockReader
	recent *disk            // the copy of the log
	opened *tsdb.DBReadOnly // that the blocks are of

	hidden     func(labels.Labels) bool // nil: nothing
	hiddenFrom int64
}

// A running daemon deletes blocks and segments as it makes others of them. What
// is found half done is looked at again.
const (
	openTries = 20
	openPause = 50 * time.Millisecond
)

func openRecord(ctx context.Context, dir, temp string, log *slog.Logger) (*record, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, err
	}
	pause := time.NewTicker(openPause)
	defer pause.Stop()
	for try := 1; ; try++ {
		said := &withheld{}
		r, err := tryRecord(dir, filepath.Join(temp, fmt.Sprintf("record-%d", try)), said.from(log))
		if err == nil {
			said.tell()
		}
		if err == nil || try == openTries || errors.Is(err, fs.ErrPermission) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-pause.C:
		}
	}
}

// tryRecord copies the log first and looks at the blocks then: what goes from the
// log meanwhile is in a block.
func tryRecord(dir, temp string, log *slog.Logger) (*record, error) {
	r := &record{}
	err := func() error {
		if err := copyLogs(dir, temp); err != nil {
			return err
		}
		var err error
		keep := &retention{keep: forever, maxSize: math.MaxInt64, last: time.Now(), log: log}
		if r.recent, err = openDisk(Options{Dir: temp, Config: DefaultConfig()}, keep); err != nil {
			return err
		}
		if r.opened, err = tsdb.OpenDBReadOnly(dir, temp, log); err != nil {
			return err
		}
		r.blocks, err = openBlocks(dir, r.opened)
		return err
	}()
	if err != nil {
		return nil, errors.Join(err, r.close(), os.RemoveAll(temp)) // copies would add up
	}
	return r, nil
}

// openBlocks opens the blocks of a directory. That one of them went meanwhile is an
// error: the storage passes over a block without a meta file, as one that it has
// listed is when it goes before it is read, and may have listed before the block was
// there that holds the same.
func openBlocks(dir string, opened *tsdb.DBReadOnly) ([]tsdb.BlockReader, error) {
	before, err := listBlocks(dir)
	if err != nil {
		return nil, err
	}
	blocks, err := opened.Blocks()
	if err != nil {
		return nil, err
	}
	after, err := listBlocks(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range before {
		if !slices.Contains(after, name) {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, name), fs.ErrNotExist)
		}
	}
	return blocks, nil
}

func (r *record) querier(mint, maxt int64) (storage.Querier, error) {
	if r.hidden == nil || maxt < r.hiddenFrom {
		return r.between(mint, maxt)
	}
	after, err := r.between(max(mint, r.hiddenFrom), maxt)
	if err != nil || mint >= r.hiddenFrom {
		return hiding{after, r.hidden}, err
	}
	before, err := r.between(mint, r.hiddenFrom-1)
	if err != nil {
		return nil, errors.Join(err, after.Close())
	}
	return storage.NewMergeQuerier([]storage.Querier{before, hiding{after, r.hidden}}, nil, storage.ChainedSeriesMerge), nil
}

// between returns a querier for everything in a time, whatever it is asked for.
func (r *record) between(mint, maxt int64) (storage.Querier, error) {
	recent, err := r.recent.querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	queriers := []storage.Querier{recent}
	for _, b := range r.blocks {
		if meta := b.Meta(); meta.MinTime > maxt || meta.MaxTime <= mint {
			continue
		}
		q, err := tsdb.NewBlockQuerier(b, mint, maxt)
		if err != nil {
			for _, q := range queriers {
				q.Close()
			}
			return nil, err
		}
		queriers = append(queriers, q)
	}
	return within{storage.NewMergeQuerier(queriers, nil, storage.ChainedSeriesMerge), mint, maxt}, nil
}

func (r *record) close() error {
	r.n.Wait()
	var errs []error
	if r.opened != nil {
		errs = append(errs, r.opened.Close())
	}
	if r.recent != nil {
		errs = append(errs, r.recent.close())
	}
	return errors.Join(errs...)
}
