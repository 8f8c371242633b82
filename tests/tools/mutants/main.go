// Mutants breaks lines of code that keep a promise, one at a time, and tells whether a test notices:
//
//	go run ./tests/tools/mutants [-only TEXT] [-limit 60s] [-parallel 1]
//
// It prints a line for each mutant, with the test that noticed it and how long the package's tests ran. The line says
// SURVIVED if no test noticed, and HUNG if the tests had not ended by the limit. Both make the program fail. Your files
// stay as they are, because only the compiler is given the broken one (see -overlay in go help build). The mutants of
// storage need a redis-server on PATH.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

func main() {
	only := flag.String("only", "", "break only lines whose file or reason contains this text")
	limit := flag.Duration("limit", time.Minute, "longest time that the tests of one package may take")
	parallel := flag.Int("parallel", 1, "number of mutants to try at the same time")
	flag.Parse()
	root, err := moduleRoot()
	if err == nil {
		err = run(context.Background(), os.Stdout, root, chosen(*only), *limit, *parallel)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// moduleRoot is the folder of this module's go.mod, from wherever in it the program was started.
func moduleRoot() (string, error) {
	path, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(path))), nil
}

func chosen(text string) (some []mutant) {
	for _, m := range mutants {
		if strings.Contains(m.file, text) || strings.Contains(m.breaks, text) {
			some = append(some, m)
		}
	}
	return some
}

// run tries each mutant and prints what became of it. The error says how many were not caught in time.
func run(ctx context.Context, out io.Writer, root string, some []mutant, limit time.Duration, parallel int) error {
	outcomes := make([]string, len(some))
	var (
		all     sync.WaitGroup
		printed sync.Mutex
		failed  int
	)
	free := make(chan struct{}, max(1, parallel))
	for i, m := range some {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			caught, outcome := m.try(ctx, root, limit)
			printed.Lock()
			defer printed.Unlock()
			if !caught {
				failed++
			}
			outcomes[i] = outcome
			fmt.Fprintf(out, "%s: %s: %s\n", m.file, m.breaks, outcome)
		})
	}
	all.Wait()
	fmt.Fprintf(out, "%d of %d mutants were caught\n", len(some)-failed, len(some))
	if failed > 0 {
		return fmt.Errorf("%d of %d mutants were not caught", failed, len(some))
	}
	return nil
}

// try runs the tests with the line broken. caught says that one of them failed within the limit.
func (m mutant) try(ctx context.Context, root string, limit time.Duration) (caught bool, outcome string) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return false, err.Error()
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(root, dir)
	if err != nil {
		return false, err.Error()
	}
	args := append([]string{"test", "-overlay", overlay, "-vet=off", "-count=1", "-failfast", "-timeout", limit.String()}, m.tests...)
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = root
	output, err := command.CombinedOutput()
	return judge(string(output), err)
}

// overlay writes the broken file and the list that puts it in the place of the whole one.
func (m mutant) overlay(root, dir string) (list string, err error) {
	path := filepath.Join(root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	broken, err := m.apply(source)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(dir, filepath.Base(path))
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: copied}})
	if err != nil {
		return "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, errors.Join(os.WriteFile(copied, broken, 0o600), os.WriteFile(list, replace, 0o600))
}

// apply breaks the line. The line must be there exactly once, or nobody would know what was tried.
func (m mutant) apply(source []byte) ([]byte, error) {
	if n := bytes.Count(source, []byte(m.whole)); n != 1 {
		return nil, fmt.Errorf("%s has %d places like %q, and must have one: bring list.go up to date", m.file, n, m.whole)
	}
	return bytes.Replace(source, []byte(m.whole), []byte(m.broken), 1), nil
}

var (
	failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	failedIn   = regexp.MustCompile(`(?m)^FAIL\t\S+\t([0-9.]+s)`)
)

// judge reads what go test said.
func judge(output string, err error) (caught bool, outcome string) {
	ran := failedIn.FindStringSubmatch(output)
	switch {
	case err == nil:
		return false, "SURVIVED"
	case strings.Contains(output, "panic: test timed out after"):
		return false, "HUNG"
	case ran == nil:
		return false, "NOT TRIED, because it does not build:\n" + output
	}
	by := "a crash"
	if test := failedTest.FindStringSubmatch(output); test != nil {
		by = test[1]
	}
	return true, fmt.Sprintf("caught by %s in %s", by, ran[1])
}
