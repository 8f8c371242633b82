package redissetups_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// BenchmarkSubmission tells what a submission of a right answer takes from one caller, in turns on one server, on one whose
// replica confirms each, and on a cluster without and with that: the median in microseconds, and in units of a single
// server's. The servers have an append-only file and wait for the disk at every write (appendfsync always), or not:
//
//	go test ./tests/redissetups -run xxx -bench Submission -benchtime 20x
func BenchmarkSubmission(b *testing.B) {
	for _, fsync := range []string{"everysec", "always"} {
		b.Run("appendfsync="+fsync, func(b *testing.B) {
			args := []string{"--appendfsync", fsync, "--repl-diskless-sync-delay", "0"}
			single, replica := redisserver.Own(b, args...), redisserver.Own(b, args...)
			replica.Follow(single)
			cluster := redisserver.StartCluster(b, args...)
			names := []string{"single", "single-confirmed", "cluster", "cluster-confirmed"}
			var guards []*captcha.Guard
			for _, url := range []string{single.URL(), single.URL() + "?confirm=1", cluster.URL(), cluster.URL() + "&confirm=1"} {
				guards = append(guards, newGuard(mustOpen(b, url), bothWays[0]))
			}
			took := make([][]time.Duration, len(guards))
			const batch = 100
			for b.Loop() {
				for i, guard := range guards {
					for range batch {
						c := mustIssue(b, guard)
						began := time.Now()
						if err := captchatest.Try(b, guard, c.key, c.answer); err != nil {
							b.Fatal(err)
						}
						took[i] = append(took[i], time.Since(began))
					}
				}
			}
			var first float64
			for i, name := range names {
				slices.Sort(took[i])
				median := float64(took[i][len(took[i])/2]) / float64(time.Microsecond)
				if i == 0 {
					first = median
				}
				b.ReportMetric(median, name+"-us")
				b.ReportMetric(median/first, name+"-x")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
