package linux

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

type cpuMask [16]uint64 // 1024 processors, as glibc's cpu_set_t

// StartOn starts cmd so that it and all its threads run on one processor only:
// a child inherits the affinity of the thread that forks it. A negative cpu
// leaves it free.
func StartOn(cpu int, cmd *exec.Cmd) error {
	if cpu < 0 {
		return cmd.Start()
	}
	if cpu >= len(cpuMask{})*64 {
		return fmt.Errorf("processor %d: no such number", cpu)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, only cpuMask
	if err := affinity(syscall.SYS_SCHED_GETAFFINITY, &before); err != nil {
		return err
	}
	only[cpu/64] = 1 << (cpu % 64)
	if err := affinity(syscall.SYS_SCHED_SETAFFINITY, &only); err != nil {
		return fmt.Errorf("processor %d: %w", cpu, err)
	}
	started := cmd.Start()
	if err := affinity(syscall.SYS_SCHED_SETAFFINITY, &before); err != nil {
		return err
	}
	return started
}

func affinity(call uintptr, mask *cpuMask) error {
	_, _, errno := syscall.RawSyscall(call, 0, unsafe.Sizeof(*mask), uintptr(unsafe.Pointer(mask)))
	if errno != 0 {
		return os.NewSyscallError("affinity", errno)
	}
	return nil
}

// RaiseFileLimit lets this process open as many files as it may.
func RaiseFileLimit() (uint64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("getrlimit: %w", err)
	}
	l.Cur = l.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("setrlimit: %w", err)
	}
	return l.Cur, nil
}
