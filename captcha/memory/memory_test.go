package memory_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/gofiber/fiber/v2"

	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/captcha/storagetest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/deadline"
)

func TestExpiresToTheNanosecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustNew(t, memory.Config{})
		mustSet(t, s, "key", "value", time.Minute)
		mustSet(t, s, "for good", "value", 0)
		time.Sleep(time.Minute - time.Nanosecond)
		mustHold(t, s, "key", "value")
		mustAdd(t, s, "key", time.Minute, false)
		time.Sleep(time.Nanosecond)
		mustBeAbsent(t, s, "key")
		if value, err := s.Take(t.Context(), "key"); value != nil || err != nil {
			t.Errorf("Take = %q, %v", value, err)
		}
		mustAdd(t, s, "key", time.Minute, true)
		time.Sleep(1000 * time.Hour)
		mustHold(t, s, "for good", "value")
	})
}

func TestFullRefusesAndEvictsNothing(t *testing.T) {
	tests := []struct {
		name string
		cfg  memory.Config
		full string
	}{
		{"entries", memory.Config{Entries: 3}, "3 of 3 entries"},
		{"bytes", memory.Config{Bytes: 21}, "21 of 21 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := mustNew(t, test.cfg)
				mustSet(t, s, "a", "value1", 0)
				mustSet(t, s, "b", "value2", time.Minute)
				mustAdd(t, s, "c", time.Hour, true)

				mustBeFull(t, s, test.full)
				mustSet(t, s, "a", "VALUE1", 0) // replacing takes no room
				mustAdd(t, s, "c", time.Hour, false)
				mustHold(t, s, "a", "VALUE1")
				mustHold(t, s, "b", "value2")
				mustHold(t, s, "c", "added!")
				if err := s.Set("a", []byte("longer than it was"), 0); test.name == "bytes" && !errors.Is(err, memory.ErrFull) {
					t.Errorf("Set of a longer value = %v, want ErrFull", err)
				}

				time.Sleep(time.Minute) // b makes room by expiring, unread and unswept
				mustAdd(t, s, "d", 0, true)
				mustBeFull(t, s, test.full)
				if value, err := s.Take(t.Context(), "c"); string(value) != "added!" || err != nil {
					t.Fatalf("Take = %q, %v", value, err)
				}
				mustAdd(t, s, "e", 0, true)
				mustBeFull(t, s, test.full)
				if err := s.Delete("e"); err != nil {
					t.Fatal(err)
				}
				mustAdd(t, s, "f", 0, true)
				if err := s.Reset(); err != nil {
					t.Fatal(err)
				}
				mustAdd(t, s, "g", 0, true)
			})
		})
	}
}

// Keys take room as values do, and what they took is free again with them.
func TestLongKeysTakeRoom(t *testing.T) {
	s := mustNew(t, memory.Config{Bytes: 21})
	for range 2 {
		mustSet(t, s, "a key of twenty bytes", "v", 0, memory.ErrFull)
		mustSet(t, s, "a key of nineteen b", "v1", 0)
		mustSet(t, s, "k", "v", 0, memory.ErrFull)
		if err := s.Delete("a key of nineteen b"); err != nil {
			t.Fatal(err)
		}
	}
}

func mustBeFull(t *testing.T, s *memory.Memory, words string) {
	t.Helper()
	err := s.Set("z", []byte("value9"), time.Minute)
	if !errors.Is(err, memory.ErrFull) || !strings.Contains(err.Error(), words) {
		t.Fatalf("Set = %v, want ErrFull with %q", err, words)
	}
	if added, err := s.Add(t.Context(), "z", []byte("value9"), time.Minute); added || !errors.Is(err, memory.ErrFull) {
		t.Fatalf("Add = %t, %v, want ErrFull", added, err)
	}
	mustBeAbsent(t, s, "z")
}

func TestGivesBackWhatExpiredUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustNew(t, memory.Config{})
		for i := range 1000 {
			mustAdd(t, s, fmt.Sprint(i), time.Duration(i+1)*time.Minute, true)
		}
		time.Sleep(500*time.Minute + 2*time.Second)
		if got := s.Len(); got != 500 {
			t.Errorf("Len = %d half-way, want 500", got)
		}
		time.Sleep(500 * time.Minute)
		if got := s.Len(); got != 0 {
			t.Errorf("Len = %d at the end, want 0", got)
		}
	})
}

func TestDoesNotWaitForTheLongLived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustNew(t, memory.Config{})
		mustSet(t, s, "session", "value", 1000*time.Hour)
		mustAdd(t, s, "spent", time.Minute, true)
		time.Sleep(time.Minute + 2*time.Second)
		if got := s.Len(); got != 1 {
			t.Errorf("Len = %d after a minute, want 1", got)
		}
		mustSet(t, s, "spent", "value", time.Minute)
		time.Sleep(time.Minute + 2*time.Second)
		if got := s.Len(); got != 1 {
			t.Errorf("Len = %d after another, want 1", got)
		}
	})
}

// A goroutine that Close left would fail the test: the bubble waits for it in vain.
func TestClosedRefusesAndIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustNew(t, memory.Config{})
		mustSet(t, s, "key", "value", time.Hour)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		_, get := s.Get("key")
		_, take := s.Take(ctx, "key")
		_, add := s.Add(ctx, "key", []byte("value"), 0)
		for what, err := range map[string]error{
			"Get": get, "Take": take, "Add": add, "Set": s.Set("key", []byte("value"), 0),
			"Delete": s.Delete("key"), "Reset": s.Reset(), "Ping": s.Ping(ctx),
		} {
			if !errors.Is(err, memory.ErrClosed) {
				t.Errorf("%s after Close = %v, want ErrClosed", what, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close = %v", err)
		}
	})
}

func TestLongestTimeToLive(t *testing.T) {
	s := mustNew(t, memory.Config{})
	mustAdd(t, s, "key", math.MaxInt64, true)
	mustAdd(t, s, "key", math.MaxInt64, false)
	mustHold(t, s, "key", "added!")
}

func TestNegativeTimeToLive(t *testing.T) { testNegativeTTL(t, mustNew(t, memory.Config{})) }

func TestCountCountsFromTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mustNew(t, memory.Config{Entries: 1})
		count := func(want int64) {
			t.Helper()
			if n, err := s.Count(t.Context(), "failures", time.Minute); n != want || err != nil {
				t.Fatalf("Count = %d, %v; want %d", n, err, want)
			}
		}
		count(1)
		time.Sleep(40 * time.Second)
		count(2)
		time.Sleep(19 * time.Second)
		count(3)
		if n, err := s.Count(t.Context(), "others", time.Minute); !errors.Is(err, memory.ErrFull) {
			t.Errorf("Count in a full memory = %d, %v", n, err)
		}
		time.Sleep(time.Second) // a minute after the first
		count(1)
		mustSet(t, s, "failures", "words", time.Minute)
		if n, err := s.Count(t.Context(), "failures", time.Minute); err == nil {
			t.Errorf("Count of words = %d", n)
		}
	})
}

// A timer that still waited for the hour to end would hold the memory.
func TestClosedIsCollected(t *testing.T) {
	s := memory.New()
	mustSet(t, s, "key", "value", time.Hour)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	held := weak.Make(s)
	s = nil
	for range 100 {
		if runtime.GC(); held.Value() == nil {
			return
		}
	}
	t.Error("a closed memory is still held")
}

// TestAgainstModel does random steps, and compares with a map that is swept by looking at all of it.
func TestAgainstModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type entry struct {
			value string
			until time.Time
		}
		const limit = 12
		s := mustNew(t, memory.Config{Entries: limit})
		model, random := map[string]entry{}, rand.New(rand.NewPCG(1, 2))
		for step := range 50_000 {
			for key, e := range model {
				if !e.until.IsZero() && !time.Now().Before(e.until) {
					delete(model, key)
				}
			}
			key, value, ttl := fmt.Sprint(random.IntN(20)), fmt.Sprint(step), time.Duration(random.IntN(5))*time.Second
			next := entry{value: value}
			if ttl > 0 {
				next.until = time.Now().Add(ttl)
			}
			old, present := model[key]
			room := present || len(model) < limit
			switch random.IntN(6) {
			case 0:
				err := s.Set(key, []byte(value), ttl)
				if (err == nil) != room {
					t.Fatalf("step %d: Set = %v, room %t", step, err, room)
				}
				if room {
					model[key] = next
				}
			case 1:
				added, err := s.Add(t.Context(), key, []byte(value), ttl)
				if added != (!present && room) || (err == nil) != room {
					t.Fatalf("step %d: Add = %t, %v; present %t, room %t", step, added, err, present, room)
				}
				if added {
					model[key] = next
				}
			case 2:
				if got, err := s.Take(t.Context(), key); err != nil || string(got) != old.value {
					t.Fatalf("step %d: Take = %q, %v; want %q", step, got, err, old.value)
				}
				delete(model, key)
			case 3:
				if got, err := s.Get(key); err != nil || string(got) != old.value {
					t.Fatalf("step %d: Get = %q, %v; want %q", step, got, err, old.value)
				}
			case 4:
				if err := s.Delete(key); err != nil {
					t.Fatal(err)
				}
				delete(model, key)
			case 5:
				time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
			}
		}
	})
}

// BenchmarkAdd adds keys as long as a sealed challenge's, and reports the heap that an entry takes.
func BenchmarkAdd(b *testing.B) {
	s := mustNew(b, memory.Config{Entries: 1e8, Bytes: math.MaxInt})
	keys := make([]byte, 0, 128)
	before := heapInUse()
	b.ReportAllocs()
	for i := range b.N {
		keys = fmt.Appendf(keys[:0], "rest_captcha_%064d", i)
		if added, err := s.Add(context.Background(), string(keys), []byte{1}, 5*time.Minute); !added || err != nil {
			b.Fatal(added, err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(heapInUse()-before)/float64(b.N), "heap-B/entry")
	runtime.KeepAlive(s)
}

func heapInUse() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func mustNew(t testing.TB, cfg memory.Config) *memory.Memory {
	m := memory.New(cfg)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestMain(m *testing.M) { os.Exit(deadline.Run(m, 30*time.Second)) }

func TestConforms(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) fiber.Storage { return memory.New() })
}

func testNegativeTTL(t *testing.T, s *memory.Memory) {
	for _, ttl := range []time.Duration{-1, -2, -time.Second} {
		if err := s.Set("key", []byte("value"), ttl); !errors.Is(err, memory.ErrTTL) {
			t.Errorf("Set with %s = %v, want ErrTTL", ttl, err)
		}
		if added, err := s.Add(t.Context(), "key", []byte("value"), ttl); added || !errors.Is(err, memory.ErrTTL) {
			t.Errorf("Add with %s = %t, %v, want ErrTTL", ttl, added, err)
		}
	}
	mustBeAbsent(t, s, "key")
}

func mustSet(t testing.TB, s *memory.Memory, key, value string, ttl time.Duration, want ...error) {
	t.Helper()
	if err := s.Set(key, []byte(value), ttl); !errors.Is(err, append(want, nil)[0]) {
		t.Fatalf("Set(%q): %v, want %v", key, err, want)
	}
}

func mustAdd(t testing.TB, s *memory.Memory, key string, ttl time.Duration, want bool) {
	t.Helper()
	if got, err := s.Add(t.Context(), key, []byte("added!"), ttl); err != nil || got != want {
		t.Fatalf("Add(%q) = %t, %v; want %t", key, got, err, want)
	}
}

func mustHold(t testing.TB, s *memory.Memory, key, want string) {
	t.Helper()
	if got, err := s.Get(key); err != nil || string(got) != want {
		t.Fatalf("Get(%q) = %q, %v; want %q", key, got, err, want)
	}
}

func mustBeAbsent(t testing.TB, s *memory.Memory, key string) {
	t.Helper()
	if got, err := s.Get(key); got != nil || err != nil {
		t.Fatalf("Get(%q) = %q, %v; want nil, nil", key, got, err)
	}
}
