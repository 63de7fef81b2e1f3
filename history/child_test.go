package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// runChild is what the test binary does in a process of its own.
func runChild(task, dir string) error {
	switch task {
	case "append":
		return appendUntilKilled(dir)
	case "hour":
		return appendAnHour(dir)
	case "limited", "limited-open":
		return starve(dir, task == "limited-open", limitFiles, unlimitFiles)
	case "limited-close":
		return closeStarved(dir)
	case "full", "full-open":
		return starve(dir, task == "full-open", func() error { return fillDisk(dir) }, func() error { return os.Remove(filler(dir)) })
	case "readonly-open":
		return starve(dir, true, func() error { return remount(dir, unix.MS_RDONLY) }, func() error { return remount(dir, 0) })
	case "mount-full", "mount-full-open", "mount-readonly-open":
		return onSmallDisk(strings.TrimPrefix(task, "mount-"), dir)
	}
	return fmt.Errorf("no task %q", task)
}

// child starts a task in a process of its own.
func child(task, dir string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childTask+"="+task, "MONITORD_HISTORY_DIR="+dir)
	return cmd
}

// runUntil runs a task until it has written a line, kills it with SIGKILL, and
// returns every line it wrote.
func runUntil(task, dir string, enough func(line string, n int) bool) ([]string, error) {
	cmd := child(task, dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var lines []string
	killed := false
	for scan := bufio.NewScanner(out); scan.Scan(); {
		lines = append(lines, scan.Text())
		if !killed && enough(scan.Text(), len(lines)) {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				return nil, err
			}
		}
	}
	err = cmd.Wait()
	if !killed {
		return nil, fmt.Errorf("%s ended: %w: %s", task, err, stderr.String())
	}
	return lines, nil
}

var errNoNamespace = errors.New("cannot make a mount namespace")

// inNamespace runs a command where it may mount file systems that vanish with it.
func inNamespace(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	attrs := []*syscall.SysProcAttr{
		{Cloneflags: syscall.CLONE_NEWNS},
		{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		},
	}
	var errs []error
	for _, attr := range attrs {
		try := exec.Command(cmd.Path)
		try.Env, try.SysProcAttr = cmd.Env, attr
		out.Reset()
		try.Stdout, try.Stderr = &out, &out
		if err := try.Start(); err != nil {
			errs = append(errs, err)
			continue
		}
		if err := try.Wait(); err != nil && strings.Contains(out.String(), cannotMount) {
			errs = append(errs, err)
			continue
		} else {
			return out.String(), err
		}
	}
	return "", fmt.Errorf("%w: %w", errNoNamespace, errors.Join(errs...))
}

const cannotMount = "mount a small file system"

// onSmallDisk mounts one on dir and runs the task there, kills it and checks.
func onSmallDisk(task, dir string) error {
	err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err == nil {
		err = unix.Mount("none", dir, "tmpfs", 0, "size=40m")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", cannotMount, err)
	}
	return killWhenDone(task, filepath.Join(dir, "history"))
}
