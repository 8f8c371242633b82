package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every mutant can be tried: its line has not been changed since.
func TestEveryMutantFitsTheCode(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		source, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if broken, err := m.apply(source); err != nil || string(broken) == string(source) {
			t.Errorf("%s: %v", m.breaks, err)
		}
		if len(m.tests) == 0 {
			t.Errorf("%s: no package is named whose tests should notice", m.breaks)
		}
	}
}

// A real try of a mutant that is caught, and of one that changes nothing.
func TestCaughtAndSurvived(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	harmless := mutant{file: "captcha/internal/polite/polite.go", whole: "package polite\n", broken: "package polite // kind\n",
		tests: []string{"./captcha/internal/polite"}}
	if caught, outcome := harmless.try(t.Context(), root, time.Minute); caught || outcome != "SURVIVED" {
		t.Errorf("a change that breaks nothing: %s", outcome)
	}
	var fatal mutant
	for _, m := range mutants {
		if m.file == "captcha/internal/keep/sealed.go" {
			fatal = m
		}
	}
	if caught, outcome := fatal.try(t.Context(), root, time.Minute); !caught || !strings.HasPrefix(outcome, "caught by Test") {
		t.Errorf("%s: %s", fatal.breaks, outcome)
	}
}

func TestJudge(t *testing.T) {
	failed := errors.New("exit status 1")
	for _, row := range []struct {
		output, want string
		err          error
		caught       bool
	}{
		{"ok  \tx\t0.1s\n", "SURVIVED", nil, false},
		{"--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tx\t0.123s\nFAIL\n", "caught by TestA in 0.123s", failed, true},
		{"panic: boom\nFAIL\tx\t0.2s\nFAIL\n", "caught by a crash in 0.2s", failed, true},
		{"panic: test timed out after 1m0s\nFAIL\tx\t60.1s\n", "HUNG", failed, false},
		{"x.go:1: syntax error\nFAIL\tx [build failed]\n", "NOT TRIED", failed, false},
	} {
		if caught, outcome := judge(row.output, row.err); caught != row.caught || !strings.HasPrefix(outcome, row.want) {
			t.Errorf("%q: %t, %s", row.output, caught, outcome)
		}
	}
}
