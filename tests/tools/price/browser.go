//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

// result is what a browser did.
type result struct {
	seconds []float64     // of each visit, from the first touch to checked
	tries   int           // all together
	search  time.Duration // all together, by the worker's clock
	cpu     time.Duration // of all the browser's processes, meanwhile
	memory  []int         // bytes: the most that each of some more visits used beyond the page at rest
}

func (r result) rate() float64 { return float64(r.tries) / r.search.Seconds() }

// weighed is the number of visits in which memory is measured, at full speed. It is measured in no other, because that
// takes time.
const weighed = 7

// measureBrowser has a browser visit the form, slowed down by a factor.
func measureBrowser(ctx context.Context, w *work.Work, name string, factor, visits int) (r result, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	f, err := serve(w)
	if err != nil {
		return r, err
	}
	defer f.stop()
	group, stop, err := start(name, f.url)
	if err != nil {
		return r, err
	}
	defer stop()

	// The first visits warm the browser up, at full speed: the costs of opening it are not the work's.
	for range 2 {
		if _, err := f.visit(ctx, func() {}); err != nil {
			return r, err
		}
	}
	if factor == 1 {
		if err := r.weigh(ctx, f, group); err != nil {
			return r, err
		}
	}
	defer slowDown(group, factor)()
	for range visits {
		var before map[int]time.Duration
		v, err := f.visit(ctx, func() { before = cpuTimes(group) })
		if err != nil {
			return r, err
		}
		for pid, spent := range cpuTimes(group) {
			r.cpu += spent - before[pid]
		}
		r.seconds = append(r.seconds, v.Whole/1000)
		r.tries += v.Tries
		r.search += time.Duration(v.Time * float64(time.Millisecond))
	}
	return r, nil
}

// weigh finds the most memory that a browser uses from the first touch to checked, beyond what it uses with the page at
// rest.
func (r *result) weigh(ctx context.Context, f *form, group int) error {
	for range weighed {
		done, looked := make(chan struct{}), make(chan struct{})
		before, most := 0, 0
		_, err := f.visit(ctx, func() {
			before = memory(group)
			most = before
			go func() {
				defer close(looked)
				for {
					select {
					case <-done:
						return
					case <-time.After(10 * time.Millisecond):
						most = max(most, memory(group))
					}
				}
			}()
		})
		close(done)
		if err != nil {
			return err
		}
		<-looked
		r.memory = append(r.memory, most-before)
	}
	return nil
}

// start opens a page in a headless browser that has a profile and a process group of its own.
func start(name, url string) (group int, stop func(), err error) {
	profile, err := os.MkdirTemp("", "price-")
	if err != nil {
		return 0, nil, err
	}
	var process *exec.Cmd
	closeDisplay := func() {}
	switch {
	case strings.Contains(name, "firefox"):
		process = exec.Command(name, "--headless", "--no-remote", "--profile", profile, url)
	case strings.Contains(name, "MiniBrowser"):
		display, closeIt, err := startDisplay()
		if err != nil {
			os.RemoveAll(profile)
			return 0, nil, err
		}
		closeDisplay = closeIt
		process = exec.Command(name, "--private", url)
		process.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+profile, "XDG_RUNTIME_DIR="+profile, "GST_REGISTRY_UPDATE=no")
	default:
		process = exec.Command(name, "--headless", "--disable-gpu", "--disable-component-update", "--user-data-dir="+profile, url)
		if os.Geteuid() == 0 {
			process.Args = append(process.Args, "--no-sandbox") // Chromium's sandbox does not work for root
		}
	}
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		closeDisplay()
		os.RemoveAll(profile)
		return 0, nil, err
	}
	group = process.Process.Pid
	return group, func() {
		_ = syscall.Kill(-group, syscall.SIGKILL)
		_ = process.Wait()
		closeDisplay()
		_ = os.RemoveAll(profile)
	}, nil
}

// startDisplay starts an X server without a screen, which WebKitGTK needs. It is not in the browser's process group.
func startDisplay() (name string, stop func(), err error) {
	process := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")
	ours, theirs, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer ours.Close()
	process.ExtraFiles = []*os.File{theirs}
	err = process.Start()
	_ = theirs.Close()
	if err != nil {
		return "", nil, err
	}
	stop = func() {
		// So that it removes its socket. An interrupt would be ignored where a shell started this in the background.
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
	}
	var number int
	if _, err := fmt.Fscan(ours, &number); err != nil {
		stop()
		return "", nil, fmt.Errorf("start Xvfb: %w", err)
	}
	return fmt.Sprint(":", number), stop, nil
}

// slowDown lets a process group run for one part in factor of the time, until the function that it returns is called.
func slowDown(group, factor int) (stop func()) {
	if factor == 1 {
		return func() {}
	}
	const period = 20 * time.Millisecond
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_ = syscall.Kill(-group, syscall.SIGSTOP)
			time.Sleep(period - period/time.Duration(factor))
			_ = syscall.Kill(-group, syscall.SIGCONT)
			select {
			case <-done:
				return
			case <-time.After(period / time.Duration(factor)):
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// members are the processes of a group.
func members(group int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// After the name in parentheses come state, parent and group.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && fields[2] == strconv.Itoa(group) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cpuTimes are the CPU times that each process of a group has spent. Those that have ended are left out.
func cpuTimes(group int) map[int]time.Duration {
	times := make(map[int]time.Duration)
	for _, pid := range members(group) {
		if spent, err := measure.CPUTime([]int{pid}); err == nil {
			times[pid] = spent
		}
	}
	return times
}

// memory is what a group of processes has resident, in bytes: what several share counts once (PSS).
func memory(group int) (total int) {
	for _, pid := range members(group) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // one that has ended has none
		_, rest, _ := strings.Cut(string(text), "\nPss:")
		if fields := strings.Fields(rest); len(fields) > 0 {
			kib, _ := strconv.Atoi(fields[0])
			total += kib << 10
		}
	}
	return total
}
