package demo_test

import (
	"context"
	"flag"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/storage"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/server"
)

var rounds = flag.Int("rounds", 20, "how often an answer is sent 200 times at the same moment, in each set-up")

// One right answer, sent 200 times at the same moment, is accepted once: in one process, on Redis, and over three
// processes that share a Redis, whether challenges are sealed or stored.
func TestSingleUse(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) { singleUse(t, *rounds, solver(), start(t)) })
	t.Run("redis", func(t *testing.T) { singleUse(t, *rounds, solver(), start(t, "STORAGE_URL="+redisserver.Start(t))) })
	t.Run("three processes, sealed", func(t *testing.T) {
		redis := redisserver.Start(t)
		env := "STORAGE_URL=" + redis
		singleUse(t, *rounds, solver(), start(t, env), start(t, env), start(t, env))
	})
	t.Run("three processes, stored", func(t *testing.T) {
		redis := redisserver.Start(t)
		store, err := storage.Open(context.Background(), redis, storage.Config{Timeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		guard := captcha.New(captcha.Config{Storage: store, Stored: true})
		env := []string{"STORAGE_URL=" + redis, "CAPTCHA_STORED=true"}
		singleUse(t, min(*rounds, 20), guard, start(t, env...), start(t, env...), start(t, env...))
	})
}

func singleUse(t *testing.T, rounds int, guard *captcha.Guard, servers ...*server.Server) {
	const submissions = 200
	if testing.Short() {
		rounds = 10
	}
	visitors := make([]*visitor, len(servers))
	for n, s := range servers {
		visitors[n] = visit(t, s)
		visitors[n].guard = guard
	}
	for round := range rounds {
		key, answer := visitors[round%len(visitors)].challenge()
		_, body := encodings["json"](map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Once",
			"captcha_key": key, "captcha_value": answer})
		statuses := make([]int, submissions)
		gate := make(chan struct{})
		var all sync.WaitGroup
		for n := range submissions {
			v := visitors[n%len(visitors)]
			all.Go(func() {
				<-gate
				response, err := v.client.Post(v.base+"/api/contact", "application/json", strings.NewReader(body))
				if err == nil {
					statuses[n] = response.StatusCode
					_ = response.Body.Close()
				}
			})
		}
		close(gate)
		all.Wait()
		counts := map[int]int{}
		for _, status := range statuses {
			counts[status]++
		}
		if counts[http.StatusCreated] != 1 || counts[http.StatusBadRequest] != submissions-1 {
			t.Fatalf("round %d: %v by status, want one 201 and the others 400", round, counts)
		}
	}
}

func TestMasterAnswerIsNeverUsedUp(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, "MASTER_CAPTCHA=de67e7f3:sesame"))
	for range 3 {
		for _, answer := range []string{"wrong", "SeSaMe"} {
			reply := v.post("/api/contact", "json", map[string]string{"name": "Ada", "email": "ada@example.org", "message": "Hello",
				"captcha_key": "de67e7f3", "captcha_value": answer})
			want := http.StatusCreated
			if answer == "wrong" {
				want = http.StatusBadRequest
			}
			v.want(reply, want)
		}
	}
}
