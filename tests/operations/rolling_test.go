package ops_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// Each of three replicas is stopped and started anew while visitors keep coming: not one submission fails.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	long(t)
	redis := redisserver.Own(t)
	env := append([]string{"STOP_DELAY=2s", "LOG_LEVEL=warn"}, modes[0].env...)
	replicas := startReplicas(t, redis.URL(), env...)
	guard := modes[0].guard(t, "")
	url := "http://" + startBalancer(t, "", replicas)
	var sent atomic.Int64
	done := make(chan struct{})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			v := newVisitor(url)
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				case <-time.After(200 * time.Millisecond): // in Redis there is room for 2,000 messages
				}
				message := fmt.Sprintf("Message %d of worker %d.", n, worker)
				key, r, err := v.challenge()
				if err != nil || key == "" {
					t.Errorf("challenge: status %d, %v: %s", r.status, err, r.body)
					continue
				}
				reference, r, err := v.send(key, captchatest.Solve(t, guard, key), message)
				if reference == "" {
					t.Errorf("message: status %d, %v: %s", r.status, err, r.body)
					continue
				}
				mustKeep(t, v, reference, message)
				sent.Add(1)
			}
		})
	}
	for i, replica := range replicas {
		before := sent.Load()
		if code := replica.Stop(); code != 0 {
			t.Errorf("replica %d: exit code %d, want 0", i, code)
		}
		replica.Spawn()
		replica.Await()
		time.Sleep(1500 * time.Millisecond) // the balancer looks twice a second whether it is back
		t.Logf("replica %d restarted, %d messages meanwhile", i, sent.Load()-before)
	}
	close(done)
	all.Wait()
	if sent.Load() == 0 {
		t.Error("nothing was sent")
	}
}
