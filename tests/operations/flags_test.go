package ops_test

import (
	"flag"
	"testing"
	"time"
)

// How much is done. The defaults are for every day; the figures in handlers/README.md are of
//
//	go test ./tests/operations -count=1 -timeout 60m -v -strict -rounds 200 -outage 10s -flood 2000000 -connections 5000
var (
	rounds      = flag.Int("rounds", 20, "rounds of 200 concurrent posts of one answer")
	outage      = flag.Duration("outage", time.Second, "how long the storage is away")
	flood       = flag.Int("flood", 50_000, "challenges that the flood asks for")
	connections = flag.Int("connections", 500, "slow clients")
	strict      = flag.Bool("strict", false, "fail if anything takes longer than promised, on an idle machine; without it times are only printed")
)

// long skips a test that takes more than a few seconds.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long, and -short is set")
	}
}

// within logs a time. It fails the test if the time is more than promised and the machine's times can be trusted.
func within(t testing.TB, what string, took, promised time.Duration) {
	t.Helper()
	t.Logf("%s: %s, promised %s", what, took.Round(10*time.Microsecond), promised)
	if *strict && took > promised {
		t.Errorf("%s took %s, promised are %s", what, took, promised)
	}
}
