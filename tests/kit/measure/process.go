package measure

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat, which Linux fixes at a hundredth of a second for programs.
const tick = 10 * time.Millisecond

// CPUTime is the time, user and system, that processes have spent so far, with the children that they have waited for.
func CPUTime(pids []int) (total time.Duration, err error) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		// The second field is the program's name in parentheses, which may hold spaces; utime is the fourteenth.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		for _, field := range fields[11:15] {
			ticks, err := strconv.Atoi(field)
			if err != nil {
				return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
			}
			total += time.Duration(ticks) * tick
		}
	}
	return total, nil
}

// PeakMemory is the sum in bytes of the most that each process had resident.
func PeakMemory(pids []int) (total int, err error) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(text), "VmHWM:")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0, fmt.Errorf("/proc/%d/status has no VmHWM", pid)
		}
		kib, err := strconv.Atoi(fields[0])
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/status: %w", pid, err)
		}
		total += kib << 10
	}
	return total, nil
}

// WithChildren returns pid and the processes below it: servers such as gunicorn work in children.
func WithChildren(pid int) (pids []int) {
	pids = append(pids, pid)
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, WithChildren(child)...)
			}
		}
	}
	return pids
}
