package web

import "testing"

func TestWaitInWords(t *testing.T) {
	for seconds, want := range map[int]string{1: "a second", 6: "6 seconds", 120: "120 seconds", 121: "3 minutes", 1800: "30 minutes",
		7200: "120 minutes", 7201: "3 hours", 86400: "24 hours"} {
		if got := inWords(seconds); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}
