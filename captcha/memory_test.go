package captcha

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"testing"
	"time"
)

func TestMemoryRefusesWhenFullAndForgetsInTime(t *testing.T) {
	now := time.Now()
	m := newMemory(3, time.Minute, func() time.Time { return now })
	add := func(key string) (bool, error) { return m.Add(context.Background(), key, []byte("spent"), time.Minute) }
	for _, key := range []string{"a", "b", "c"} {
		if added, err := add(key); !added || err != nil {
			t.Fatalf("%s: %v %v", key, added, err)
		}
	}
	if added, err := add("a"); added || err != nil {
		t.Errorf("again: %v %v", added, err)
	}
	if added, err := add("d"); added || !errors.Is(err, errMemoryFull) {
		t.Errorf("full: %v %v", added, err)
	}
	now = now.Add(time.Minute)
	if value, _ := m.Get("a"); value == nil {
		t.Error("forgotten as soon as its life was over, when a clock that is behind could still accept it")
	}
	now = now.Add(time.Minute)
	if value, _ := m.Get("a"); value != nil {
		t.Error("remembered for more than two lives")
	}
	if added, err := add("d"); !added || err != nil {
		t.Errorf("after two lives: %v %v", added, err)
	}
	now = now.Add(1000 * time.Hour)
	if value, _ := m.Get("d"); value != nil {
		t.Error("remembered for weeks")
	}
}

func BenchmarkMemoryAdd(b *testing.B) {
	m := newMemory(1<<30, time.Hour, time.Now)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range b.N {
		key := "rest_captcha_" + strconv.Itoa(1_000_000_000+i) + "0123456789012345678901234567890123456789012345678901.1"
		m.Add(context.Background(), key, []byte("spent"), time.Minute)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/entry")
	runtime.KeepAlive(m)
}
