package send

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"monitord/alerts/hooks/message"
)

// Exec starts a program for each message. The program and all that it
// starts in its process group end with the attempt. Use [NewExec]. Safe for
// concurrent use.
type Exec struct {
	command  []string
	instance string // for MONITORD_ALERT_INSTANCE, where the alert has no such label
}

const (
	// killAfter is how long a program has between SIGTERM and SIGKILL.
	killAfter = 500 * time.Millisecond
	// headStart is how long the stream has before a program is started.
	headStart = 3 * time.Millisecond
	// drainFor is how long the output of a program that has ended is waited
	// for, when something outside its group holds the pipe.
	drainFor = 200 * time.Millisecond
	// outputBytes is how much of a program's output is kept: its end.
	outputBytes = 64 << 10
)

// NewExec returns a sender that starts a command: a program, by its path, and its
// arguments. Of an alert without the label instance, the program is told this one.
func NewExec(command []string, instance string) *Exec {
	return &Exec{command: command, instance: instance}
}

func (s *Exec) Close() {}

// Target is the program: its arguments may be secret.
func (s *Exec) Target() string { return s.command[0] }

func (s *Exec) Send(ctx context.Context, m *message.Message) Outcome {
	cmd := exec.Command(s.command[0], s.command[1:]...)
	cmd.Env = environment(m, s.instance)
	cmd.Stdin = bytes.NewReader(m.Body)
	output := &tail{max: outputBytes}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = drainFor
	giveWay(ctx)
	if err := cmd.Start(); err != nil {
		return Outcome{Err: fmt.Errorf("start %s: %w", s.command[0], pathless(err))}
	}
	err, late := waitGroup(ctx, cmd)
	var o Outcome
	if m.Traced {
		o.Request, o.Answer = transcript(commandText(cmd, m)), transcriptEnd(output.String())
	}
	switch {
	case late:
		err, o.Unanswered = errTimeout, true
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		// It ended well, and left something behind that had its output open.
		return o
	}
	if text := excerptEnd(output.String()); text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	o.Err = err
	return o
}

// giveWay leaves the processors to the frames that tell subscribers of the same
// alert: a program that starts takes one for milliseconds.
func giveWay(ctx context.Context) {
	wait := time.NewTimer(headStart)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}

// commandText is what a program was started with, as people know it: its
// environment is that of the daemon but for the variables shown.
func commandText(cmd *exec.Cmd, m *message.Message) string {
	var b strings.Builder
	for _, v := range cmd.Env {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, alertPrefix) {
			fmt.Fprintf(&b, "%s=%q\n", name, value)
		}
	}
	fmt.Fprintf(&b, "%q\n\n%s", cmd.Args, bodyText(m.Body))
	return b.String()
}

// waitGroup returns when a program that leads a process group has ended and its
// group has been killed. late says that the context ended first.
func waitGroup(ctx context.Context, cmd *exec.Cmd) (err error, late bool) {
	group := cmd.Process.Pid
	exited := make(chan struct{})
	go func() {
		awaitExit(group)
		close(exited)
	}()
	select {
	case <-exited:
	case <-ctx.Done():
		late = true
		_ = syscall.Kill(-group, syscall.SIGTERM)
		last := time.NewTimer(killAfter)
		select {
		case <-exited:
		case <-last.C:
		}
		last.Stop()
	}
	// The program is a zombie or still runs: as long as it has not been waited
	// for, its number and its group's cannot belong to anybody else.
	_ = syscall.Kill(-group, syscall.SIGKILL)
	<-exited
	err = cmd.Wait()
	reapGroup(group)
	return err, late
}

// pathless drops what the caller says already.
func pathless(err error) error {
	var wrapped *exec.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

// reapGroup collects members of the group that became children of this process
// because nobody else takes orphans in (it is process 1 of a container). They
// have been killed; one that hangs in the kernel is not waited for.
func reapGroup(group int) {
	for range 100 {
		pid, err := syscall.Wait4(-group, nil, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR), pid > 0:
		case err != nil:
			return // no such child, as a rule at once
		default:
			<-time.After(2 * time.Millisecond)
		}
	}
}
