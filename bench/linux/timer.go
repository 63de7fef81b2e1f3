package linux

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

const clockMonotonic = 1

// Timer opens a descriptor that becomes readable once every period.
func Timer(period time.Duration) (int, error) {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return -1, fmt.Errorf("timerfd_create: %w", errno)
	}
	every := syscall.NsecToTimespec(period.Nanoseconds())
	spec := [2]syscall.Timespec{every, every}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0); errno != 0 {
		syscall.Close(int(fd))
		return -1, fmt.Errorf("timerfd_settime: %w", errno)
	}
	return int(fd), nil
}
