// Package storagetest tests whether a [fiber.Storage] does what package captcha relies on. A storage's own test calls
// it:
//
//	func TestStorage(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) fiber.Storage { return mystorage.New() })
//	}
//
// Run takes about two seconds, because it waits for entries to expire. It expects of a storage:
//
//   - Get of a key that is absent or expired is nil, nil; an error means that the storage failed.
//   - Keys and values may be any bytes, and the storage copies them: Fiber lends their memory and reuses it after the
//     request.
//   - An entry expires at its time, and at most 50 milliseconds early. A storage that counts in whole seconds may fail
//     this test and still serve a guard: a stored challenge is then refused a moment early, and a used key is kept five
//     seconds longer than it needs to be.
//   - Of any number of concurrent callers, Take gives the value to one and Add succeeds for one; Count gives no two
//     callers the same number. None of them does anything once its context is done. All three are optional.
package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/gofiber/fiber/v2"
)

type taker interface {
	Take(ctx context.Context, key string) ([]byte, error)
}

type adder interface {
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error)
}

type counter interface {
	Count(ctx context.Context, key string, ttl time.Duration) (n int64, err error)
}

const (
	// callers is how many goroutines take or add one key at once, and rounds how many times they do.
	callers = 200
	rounds  = 20

	// long is a time to live that no test outlasts. short is one whose end a test waits for.
	long  = time.Hour
	short = time.Second
	// early is how much too soon an entry may go: a server counts by a clock of its own, in milliseconds.
	early = 50 * time.Millisecond
	// liveness bounds the wait for an expiry on a machine that is busy. It says nothing about how soon an entry should
	// expire.
	liveness = 30 * time.Second
)

// Run tests the storage that open returns. open is called for each subtest and returns a new storage, which is empty or
// whose keys no other test uses. Run closes each storage once. The subtests that wait for entries to expire run side by
// side in one storage.
//
// Take, Add and Count are optional. If a storage lacks one of them, Run logs that and does not test it.
func Run(t *testing.T, open func(t *testing.T) fiber.Storage) {
	run := func(name string, test func(t *testing.T, s fiber.Storage)) {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test(t, s)
		})
	}
	var waiting []func(t *testing.T, s fiber.Storage)
	waits := func(name string, test func(t *testing.T, s fiber.Storage)) {
		waiting = append(waiting, func(t *testing.T, s fiber.Storage) {
			t.Run(name, func(t *testing.T) { test(t, s) })
		})
	}
	run("Get of an absent key is nil, nil", testAbsent)
	waits("Set replaces value and time to live", testReplace)
	run("Set ignores an empty key or value", testEmpty)
	run("Set copies what it is lent", testLent)
	run("Get returns a copy", testReturned)
	run("any bytes in keys and values", testBinary)
	run("a value of 1 MiB", testLarge)
	waits("an entry goes at its time", testExpiry)
	waits("a time to live of 0 never ends", testNoExpiry)
	waits("a time to live of a nanosecond is not 0", testShortest)
	run("Delete removes one, twice is no error", testDelete)
	run("Reset removes all", testReset)
	run("concurrent use", testConcurrent)

	s := open(t)
	defer s.Close()
	if _, ok := s.(taker); ok {
		run("Take returns and removes", testTake)
		waits("Take of an expired entry is nil, nil", testTakeExpired)
		run("Take with a context that is done takes nothing", testTakeDone)
		run("Take gives to one of many", testTakeConcurrent)
	} else {
		t.Logf("%T has no Take: not tested, and not atomic between processes", s)
	}
	if _, ok := s.(adder); ok {
		run("Add adds only if absent", testAdd)
		run("Add refuses an empty key or value", testAddEmpty)
		run("Add copies what it is lent", testAddLent)
		waits("Add after the expiry adds", testAddExpired)
		waits("Add for a nanosecond is not for good", testAddShortest)
		run("Add with a context that is done adds nothing", testAddDone)
		run("Add succeeds for one of many", testAddConcurrent)
	} else {
		t.Logf("%T has no Add: not tested, and not atomic between processes", s)
	}
	if _, ok := s.(counter); ok {
		waits("Count counts from the first", testCount)
		run("Count with a context that is done counts nothing", testCountDone)
		run("Count gives each of many a number of its own", testCountConcurrent)
	} else {
		t.Logf("%T has no Count: not tested, and not atomic between processes", s)
	}
	run("expiry", func(t *testing.T, s fiber.Storage) {
		var all sync.WaitGroup
		for _, test := range waiting {
			all.Go(func() { test(t, s) })
		}
		all.Wait()
	})
}

func testCount(t *testing.T, s fiber.Storage) {
	mustCount(t, s, "counted for long", long, 1)
	before := time.Now()
	mustCount(t, s, "counted", short, 1)
	for i := int64(2); i <= 5; i++ {
		n, err := s.(counter).Count(t.Context(), "counted", long) // the first one's time to live counts
		if err != nil || n != i && time.Since(before) < short-early {
			t.Fatalf("Count = %d, %v; want %d", n, err, i)
		}
	}
	mustExpire(t, s, "counted")
	mustCount(t, s, "counted", long, 1)
	mustCount(t, s, "counted", short, 2)
	mustCount(t, s, "counted for long", long, 2)
	if err := s.Delete("counted"); err != nil {
		t.Fatal(err)
	}
	mustCount(t, s, "counted", long, 1)
}

func testCountDone(t *testing.T, s fiber.Storage) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.(counter).Count(done, "key", long); err == nil {
		t.Errorf("Count = %d with a context that is done", n)
	}
	mustCount(t, s, "key", long, 1)
}

func testCountConcurrent(t *testing.T, s fiber.Storage) {
	seen := make([]atomic.Int64, callers*rounds/2+1)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range rounds / 2 {
				n, err := s.(counter).Count(t.Context(), "key", long)
				if err != nil || n < 1 || int(n) >= len(seen) {
					t.Errorf("Count = %d, %v", n, err)
					return
				}
				seen[n].Add(1)
			}
		})
	}
	all.Wait()
	for n := range seen[1:] {
		if times := seen[n+1].Load(); times != 1 {
			t.Errorf("%d was returned %d times", n+1, times)
		}
	}
}

func mustCount(t *testing.T, s fiber.Storage, key string, ttl time.Duration, want int64) {
	t.Helper()
	if n, err := s.(counter).Count(t.Context(), key, ttl); n != want || err != nil {
		t.Fatalf("Count(%q) = %d, %v; want %d", key, n, err, want)
	}
}

func testAbsent(t *testing.T, s fiber.Storage) {
	mustBeAbsent(t, s, "never set")
	mustBeAbsent(t, s, "")
}

func testReplace(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "replaced", "first", long)
	mustHold(t, s, "replaced", "first")
	mustSet(t, s, "kept", "first", short)
	mustSet(t, s, "kept", "second", long)
	before := time.Now()
	mustSet(t, s, "replaced", "second and longer", short)
	got, err := s.Get("replaced")
	if err != nil || string(got) != "second and longer" && time.Since(before) < short-early {
		t.Fatalf("Get = %q, %v; want the second value", got, err)
	}
	mustExpire(t, s, "replaced") // set after "kept" was for a short time
	mustHold(t, s, "kept", "second")
}

func testEmpty(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "", "value", long)
	mustBeAbsent(t, s, "")
	mustSet(t, s, "key", "", long)
	mustBeAbsent(t, s, "key")
	mustSet(t, s, "key", "value", long)
	mustSet(t, s, "key", "", long)
	mustHold(t, s, "key", "value")
}

// testLent passes a key and a value as Fiber does: in memory that holds something else a moment later.
func testLent(t *testing.T, s fiber.Storage) {
	key, value := []byte("lent key"), []byte("lent value")
	if err := s.Set(unsafe.String(&key[0], len(key)), value, long); err != nil {
		t.Fatal(err)
	}
	overwrite(key, value)
	mustHold(t, s, "lent key", "lent value")
}

func testReturned(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "key", "value", long)
	value, err := s.Get("key")
	if err != nil {
		t.Fatal(err)
	}
	overwrite(value)
	mustHold(t, s, "key", "value")
}

func testBinary(t *testing.T, s fiber.Storage) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	keys := []string{string(all), "a b", "line\r\nbreak", "*", "h?llo", "[a-z]", `back\slash`, "{tag}", "naïve ключ", strings.Repeat("k", 1024)}
	for _, key := range keys {
		mustSet(t, s, key, key+string(all), long)
	}
	for _, key := range keys {
		mustHold(t, s, key, key+string(all))
	}
}

func testLarge(t *testing.T, s fiber.Storage) {
	value := strings.Repeat("0123456789abcdef", 1<<16)
	mustSet(t, s, "key", value, long)
	mustHold(t, s, "key", value)
}

func testExpiry(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "stays", "value", long)
	before := time.Now()
	mustSet(t, s, "goes", "value", short)
	mustExpire(t, s, "goes")
	if lived := time.Since(before); lived < short-early {
		t.Errorf("an entry with a time to live of %s was gone after %s", short, lived)
	}
	mustHold(t, s, "stays", "value")
}

func testNoExpiry(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "stays for good", "value", 0)
	mustSet(t, s, "goes beside it", "value", short)
	mustExpire(t, s, "goes beside it")
	mustHold(t, s, "stays for good", "value")
}

func testShortest(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "set for a nanosecond", "value", 1)
	mustExpire(t, s, "set for a nanosecond")
}

func testDelete(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "key", "value", long)
	mustSet(t, s, "other", "value", long)
	for range 2 {
		if err := s.Delete("key"); err != nil {
			t.Fatal(err)
		}
		mustBeAbsent(t, s, "key")
	}
	mustHold(t, s, "other", "value")
}

func testReset(t *testing.T, s fiber.Storage) {
	const many, each = 2500, 50 // more than a server gives back in one step
	together(many/each, func(i int) {
		for n := range each {
			if err := s.Set(fmt.Sprint("key ", i*each+n), []byte("value"), long); err != nil {
				t.Error(err)
			}
		}
	})
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	together(many/each, func(i int) {
		for n := range each {
			if value, err := s.Get(fmt.Sprint("key ", i*each+n)); value != nil || err != nil {
				t.Errorf("Get of key %d = %q, %v", i*each+n, value, err)
			}
		}
	})
	mustSet(t, s, "key 0", "again", long)
	mustHold(t, s, "key 0", "again")
}

// testConcurrent is for the race detector. Each goroutine keeps to one key, so that it also knows what it must find
// there.
func testConcurrent(t *testing.T, s fiber.Storage) {
	together(50, func(i int) {
		key := fmt.Sprint("key ", i)
		for round := range 20 {
			value := fmt.Sprint("value ", round)
			if err := s.Set(key, []byte(value), long); err != nil {
				t.Error(err)
				return // a write that failed can come late, and then be read
			}
			if got, err := s.Get(key); err != nil || string(got) != value {
				t.Errorf("Get(%q) = %q, %v; want %q", key, got, err, value)
			}
			if err := s.Delete(key); err != nil {
				t.Error(err)
			}
		}
	})
}

func testTake(t *testing.T, s fiber.Storage) {
	ctx := t.Context()
	mustSet(t, s, "key", "value", long)
	mustSet(t, s, "other", "value", long)
	for _, want := range []string{"value", ""} {
		got, err := s.(taker).Take(ctx, "key")
		if err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Fatalf("Take = %q, %v; want %q", got, err, want)
		}
		mustBeAbsent(t, s, "key")
	}
	mustHold(t, s, "other", "value")
	if got, err := s.(taker).Take(ctx, ""); got != nil || err != nil {
		t.Errorf("Take of an empty key = %q, %v; want nil, nil", got, err)
	}
	mustSet(t, s, "key", "again", long)
	mustHold(t, s, "key", "again")
}

func testTakeExpired(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "taken", "value", short)
	mustSet(t, s, "later", "value", short)
	mustExpire(t, s, "later")
	if got, err := s.(taker).Take(t.Context(), "taken"); got != nil || err != nil {
		t.Errorf("Take = %q, %v; want nil, nil", got, err)
	}
}

func testTakeDone(t *testing.T, s fiber.Storage) {
	mustSet(t, s, "key", "value", long)
	if got, err := s.(taker).Take(done(t), "key"); got != nil || err == nil {
		t.Errorf("Take = %q, %v; want nil and an error", got, err)
	}
	mustHold(t, s, "key", "value")
}

func testTakeConcurrent(t *testing.T, s fiber.Storage) {
	for round := range rounds {
		key := fmt.Sprint("key ", round)
		mustSet(t, s, key, "value", long)
		var got atomic.Int32
		together(callers, func(int) {
			value, err := s.(taker).Take(t.Context(), key)
			switch {
			case err != nil:
				t.Error(err)
			case string(value) == "value":
				got.Add(1)
			case value != nil:
				t.Errorf("Take = %q", value)
			}
		})
		if got.Load() != 1 {
			t.Errorf("round %d: %d of %d callers got the value, want 1", round, got.Load(), callers)
		}
	}
}

func testAdd(t *testing.T, s fiber.Storage) {
	mustAdd(t, s, "key", "first", long, true)
	mustAdd(t, s, "key", "second", long, false)
	mustHold(t, s, "key", "first")
	if err := s.Delete("key"); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, s, "key", "third", 0, true)
	mustAdd(t, s, "key", "fourth", 0, false)
	mustHold(t, s, "key", "third")
	mustSet(t, s, "set", "value", long)
	mustAdd(t, s, "set", "other", long, false)
	mustHold(t, s, "set", "value")
}

func testAddEmpty(t *testing.T, s fiber.Storage) {
	if added, err := s.(adder).Add(t.Context(), "", []byte("value"), long); added || err == nil {
		t.Errorf("Add of an empty key = %t, %v; want false and an error", added, err)
	}
	if added, err := s.(adder).Add(t.Context(), "key", nil, long); added || err == nil {
		t.Errorf("Add of an empty value = %t, %v; want false and an error", added, err)
	}
	mustBeAbsent(t, s, "key")
}

func testAddLent(t *testing.T, s fiber.Storage) {
	key, value := []byte("lent key"), []byte("lent value")
	if added, err := s.(adder).Add(t.Context(), unsafe.String(&key[0], len(key)), value, long); !added || err != nil {
		t.Fatalf("Add = %t, %v", added, err)
	}
	overwrite(key, value)
	mustHold(t, s, "lent key", "lent value")
	mustAdd(t, s, "lent key", "other", long, false)
}

func testAddExpired(t *testing.T, s fiber.Storage) {
	before := time.Now()
	mustAdd(t, s, "added", "first", short, true)
	// The refused Add must not prolong the life of the first entry.
	switch added, err := s.(adder).Add(t.Context(), "added", []byte("second"), long); {
	case err != nil:
		t.Fatal(err)
	case added && time.Since(before) < short-early:
		t.Fatal("a second Add took the place of the first before its time")
	case added:
		return // the machine was so busy that the first entry had expired
	}
	for limit := time.Now().Add(liveness); ; {
		added, err := s.(adder).Add(t.Context(), "added", []byte("third"), long)
		switch {
		case err != nil:
			t.Fatal(err)
		case added:
			if lived := time.Since(before); lived < short-early {
				t.Errorf("an entry with a time to live of %s was gone after %s", short, lived)
			}
			mustHold(t, s, "added", "third")
			return
		case time.Now().After(limit):
			t.Fatalf("still there %s after its time to live of %s", liveness, short)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func testAddShortest(t *testing.T, s fiber.Storage) {
	mustAdd(t, s, "added for a nanosecond", "value", 1, true)
	mustExpire(t, s, "added for a nanosecond")
}

func testAddDone(t *testing.T, s fiber.Storage) {
	if added, err := s.(adder).Add(done(t), "key", []byte("value"), long); added || err == nil {
		t.Errorf("Add = %t, %v; want false and an error", added, err)
	}
	mustBeAbsent(t, s, "key")
}

func testAddConcurrent(t *testing.T, s fiber.Storage) {
	for round := range rounds {
		key := fmt.Sprint("key ", round)
		var added, winner atomic.Int32
		together(callers, func(i int) {
			ok, err := s.(adder).Add(t.Context(), key, fmt.Append(nil, i), long)
			if err != nil {
				t.Error(err)
			}
			if ok {
				added.Add(1)
				winner.Store(int32(i))
			}
		})
		if added.Load() != 1 {
			t.Errorf("round %d: %d of %d callers added, want 1", round, added.Load(), callers)
		}
		mustHold(t, s, key, fmt.Sprint(winner.Load()))
	}
}

// together calls f from n goroutines that start at the same moment, and returns when all calls have returned.
func together(n int, f func(i int)) {
	var ready, finished sync.WaitGroup
	ready.Add(n)
	for i := range n {
		finished.Go(func() {
			ready.Done()
			ready.Wait()
			f(i)
		})
	}
	finished.Wait()
}

func done(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func overwrite(lent ...[]byte) {
	for _, b := range lent {
		copy(b, bytes.Repeat([]byte("#"), len(b)))
	}
}

func mustSet(t *testing.T, s fiber.Storage, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.Set(key, []byte(value), ttl); err != nil {
		t.Fatalf("Set(%.40q): %v", key, err)
	}
}

func mustAdd(t *testing.T, s fiber.Storage, key, value string, ttl time.Duration, want bool) {
	t.Helper()
	if got, err := s.(adder).Add(t.Context(), key, []byte(value), ttl); err != nil || got != want {
		t.Fatalf("Add(%q, %q) = %t, %v; want %t", key, value, got, err, want)
	}
}

func mustHold(t *testing.T, s fiber.Storage, key, want string) {
	t.Helper()
	if got, err := s.Get(key); err != nil || string(got) != want {
		t.Fatalf("Get(%.40q) = %.40q, %v; want %.40q", key, got, err, want)
	}
}

func mustBeAbsent(t *testing.T, s fiber.Storage, key string) {
	t.Helper()
	if got, err := s.Get(key); got != nil || err != nil {
		t.Fatalf("Get(%.40q) = %.40q, %v; want nil, nil", key, got, err)
	}
}

func mustExpire(t *testing.T, s fiber.Storage, key string) {
	t.Helper()
	for limit := time.Now().Add(liveness); ; time.Sleep(10 * time.Millisecond) {
		switch got, err := s.Get(key); {
		case err != nil:
			t.Fatal(err)
		case got == nil:
			return
		case time.Now().After(limit):
			t.Fatalf("%q is still there %s later", key, liveness)
		}
	}
}
