package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

// The servers are this program started again, which in a test is the test binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		fail(serve(os.Args[2:]))
		return
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	other, stop, err := start("constant", 100, "")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	o := options{servers: "constant,sealed,stored", url: other.URL, method: "POST", name: "other", pid: other.PIDs[0],
		requests: 200, rounds: 2, connections: 4}
	if _, err := exec.LookPath("redis-server"); err == nil || os.Getenv("REDIS_URL") != "" || os.Getenv("REQUIRE_REDIS") == "1" {
		o.redis = true
	}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"constant", "sealed", "stored", "other"} {
		if n := strings.Count(out.String(), " "+name+" "); n < 2 { // a line a round
			t.Errorf("%d rounds of %s", n, name)
		}
		if !strings.Contains(out.String(), "\n"+name+": median ") {
			t.Errorf("no summary of %s", name)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// A server that refuses must not look like a fast one.
func TestRefusalIsAnError(t *testing.T) {
	other, stop, err := start("sealed", 0, "memory://")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	o := options{servers: "none", url: other.URL, method: "GET", name: "other", pid: other.PIDs[0], requests: 1, rounds: 1, connections: 1}
	if err := run(t.Context(), o, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "status 405") {
		t.Errorf("error %v, want one with the status", err)
	}
}

func TestBounds(t *testing.T) {
	good := options{requests: 1, rounds: 1, connections: 1}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(*options){
		func(o *options) { o.requests = maxRequests + 1 },
		func(o *options) { o.requests = 0 },
		func(o *options) { o.rounds = maxRounds + 1 },
		func(o *options) { o.connections = measure.MaxConnections + 1 },
		func(o *options) { o.url = "http://127.0.0.1/" },
	} {
		bad := good
		change(&bad)
		if bad.check() == nil {
			t.Errorf("change %d is accepted: %+v", i, bad)
		}
	}
}
