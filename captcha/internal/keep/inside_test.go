package keep

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/deadline"
)

func TestMain(m *testing.M) { os.Exit(deadline.Run(m, 15*time.Second)) }

// The secrets' keys are forgotten for hours that no key can be from any more. Otherwise a server would gather them for
// as long as it runs.
func TestKeysOfPastHoursAreForgotten(t *testing.T) {
	s := newSealer(RandomSecret())
	for number := range int64(1000) {
		if s.keys(number) == nil {
			t.Fatal("no keys")
		}
	}
	if n := len(s.periods); n > int(maxPeriods)+1 {
		t.Errorf("the keys of %d hours are held, want %d at most", n, maxPeriods+1)
	}
	if s.periods[999-maxPeriods] == nil {
		t.Error("the keys of the oldest hour that matters are not held")
	}
}

// What a key decodes to has no other spelling.
func TestOneKeyHasOneSpelling(t *testing.T) {
	zeros := strings.Repeat("A", sealedChars)
	for key, want := range map[string]bool{
		zeros:                          true,
		zeros[1:]:                      false,
		zeros[1:] + "\n":               false,
		"\r\n" + zeros[2:]:             false,
		zeros[:30] + "\r" + zeros[31:]: false,
		zeros + "A":                    false,
		zeros + "\n":                   false,
		zeros[1:] + "=":                false,
		"":                             false,
	} {
		if _, ok := decodeKey(key); ok != want {
			t.Errorf("%q: %t, want %t", key, ok, want)
		}
	}
}
