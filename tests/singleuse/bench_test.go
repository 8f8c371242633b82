package singleuse_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// BenchmarkIssue compares the two modes over one Redis, in turn. It reports two ratios of stored to sealed: latency-x,
// of the time from the request for a challenge to its picture, and cpu-x, of the processor time of this process and
// Redis together. latency-ns and cpu-ns are for sealed mode.
func BenchmarkIssue(b *testing.B) {
	server := redisserver.Own(b)
	store := mustOpen(b, server.URL())
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		b.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()

	sealed := captcha.New(captcha.Config{Storage: store})
	stored := captcha.New(captcha.Config{Storage: store, Stored: true})
	var latency, cpu [2]time.Duration
	const batch = 500
	for b.Loop() {
		for i, guard := range []*captcha.Guard{sealed, stored} {
			began, spent := time.Now(), processorTime(b, client)
			for range batch {
				mustGenerate(b, guard)
			}
			latency[i] += time.Since(began)
			cpu[i] += processorTime(b, client) - spent
		}
	}
	n := float64(b.N * batch)
	b.ReportMetric(float64(latency[0])/n, "latency-ns")
	b.ReportMetric(float64(cpu[0])/n, "cpu-ns")
	b.ReportMetric(float64(latency[1])/float64(latency[0]), "latency-x")
	b.ReportMetric(float64(cpu[1])/float64(cpu[0]), "cpu-x")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what this process and Redis have used so far.
func processorTime(b *testing.B, client *redis.Client) time.Duration {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		b.Fatal(err)
	}
	info, err := client.InfoMap(ctx, "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	total := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	for _, field := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := time.ParseDuration(info["CPU"][field] + "s")
		if err != nil {
			b.Fatal(err)
		}
		total += seconds
	}
	return total
}
