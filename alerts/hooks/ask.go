package hooks

import (
	"context"
	"errors"
	"fmt"
)

// Errors of those who ask for a hook or a delivery.
var (
	ErrNoHook     = errors.New("there is no hook of that name")
	ErrNoDelivery = errors.New("no delivery of that number waits or was given up")
	ErrBusy       = errors.New("too many tests are running, try again later")
	ErrBehind     = errors.New("what was delivered before the start is being read still, try again in a moment")
)

// ask has Run's goroutine, which owns the hooks, call a function: not before there are
// any, or whoever asks would hear that there are none.
func (r *Runner) ask(ctx context.Context, f func()) error {
	done := make(chan struct{})
	var err error
	call := func() {
		defer close(done)
		if r.hooks == nil {
			err = ErrBehind
			return
		}
		f()
	}
	select {
	case r.asks <- call:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ended:
		return errors.New("hooks are stopping")
	}
	<-done
	return err
}

// askHook has Run's goroutine call a function on one of the hooks.
func (r *Runner) askHook(ctx context.Context, name string, f func(*hook) error) error {
	err := noHook(name)
	if stopped := r.ask(ctx, func() {
		if h := r.find(name); h != nil {
			err = f(h)
		}
	}); stopped != nil {
		return stopped
	}
	return err
}

// noHook is ErrNoHook, for people.
func noHook(name string) error {
	return fmt.Errorf("%.64q: %w, monitord hook list shows those that there are", name, ErrNoHook)
}

// find returns a hook by its name, nil if there is none. Run's alone.
func (r *Runner) find(name string) *hook {
	for _, h := range r.hooks {
		if h.Name == name {
			return h
		}
	}
	return nil
}
