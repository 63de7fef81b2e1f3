package linux

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// cpuClockSched selects the scheduler's own account, in nanoseconds, of a
// process (include/linux/posix-timers_types.h).
const cpuClockSched = 2

// CPU returns the processor time that a process has used, its ended threads
// included. The clock of another process is read as clock_getcpuclockid(3) does,
// because /proc counts in steps of 10 ms.
func CPU(pid int) (time.Duration, error) {
	var ts syscall.Timespec
	clock := uintptr(int32(^pid<<3 | cpuClockSched))
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, errno)
	}
	return time.Duration(ts.Nano()), nil
}

// Memory is what of a process is resident, in bytes.
type Memory struct {
	RSS  int64 // everything
	Anon int64 // without mapped files and shared memory
}

// MemoryOf reads the resident memory of a process.
func MemoryOf(pid int) (Memory, error) {
	var m Memory
	err := scanKilobytes(fmt.Sprintf("/proc/%d/status", pid), map[string]*int64{"VmRSS": &m.RSS, "RssAnon": &m.Anon})
	return m, err
}

// Slab reads the kernel's own memory for objects, sockets among them, in bytes.
func Slab() (int64, error) {
	var n int64
	err := scanKilobytes("/proc/meminfo", map[string]*int64{"Slab": &n})
	return n, err
}

func scanKilobytes(path string, into map[string]*int64) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found := 0
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		key, rest, _ := bytes.Cut(lines.Bytes(), []byte(":"))
		v, wanted := into[string(key)]
		fields := bytes.Fields(rest)
		if !wanted || len(fields) == 0 {
			continue
		}
		kb, err := strconv.ParseInt(string(fields[0]), 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, key, err)
		}
		*v = kb << 10
		found++
	}
	if found != len(into) {
		return fmt.Errorf("%s: %d of %d fields", path, found, len(into))
	}
	return nil
}

// Busy returns the time that all processors together have worked since the start
// of the machine. It grows in steps of 10 ms.
func Busy() (time.Duration, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("/proc/stat: no line of all processors")
	}
	total := time.Duration(0)
	for i, f := range fields[1:9] {
		if i == 3 || i == 4 { // idle, iowait
			continue
		}
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		total += time.Duration(n) * 10 * time.Millisecond
	}
	return total, nil
}
