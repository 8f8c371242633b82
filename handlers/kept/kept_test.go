package kept_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
	"github.com/fibercaptcha/fibercaptcha/handlers/kept"
)

var somebody = netip.MustParseAddr("192.0.2.1")

// nth is a visitor on a network of their own.
func nth(n int) netip.Addr { return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::1", n)) }

func TestMessagesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory.New()
		defer store.Close()
		all := kept.New(store, limit.Rate{}, 0)
		var first string
		var err error
		n := 0
		for ; err == nil && n <= kept.Messages; n++ {
			var reference string
			if reference, err = all.Message(t.Context(), nth(n), []byte("Hello"), time.Hour); first == "" {
				first = reference
			}
		}
		if !errors.Is(err, kept.ErrFull) || n < kept.Messages/2 {
			t.Errorf("after %d messages: %v", n, err)
		}
		if got := store.Len(); got > kept.Messages {
			t.Errorf("%d entries, want %d at most", got, kept.Messages)
		}
		if got, err := all.Find(first); string(got) != "Hello" || err != nil {
			t.Errorf("the first message is %q, %v", got, err)
		}
		time.Sleep(time.Hour + time.Second)
		if _, err := all.Message(t.Context(), somebody, []byte("Hello"), time.Hour); err != nil {
			t.Errorf("when the others have expired: %v", err)
		}
	})
}

func TestMessagesAreFoundByReferenceAlone(t *testing.T) {
	all := kept.New(memory.New(), limit.Rate{}, 0)
	reference, err := all.Message(t.Context(), somebody, []byte("Hello"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"", reference[:1], reference[:25], reference + "A", strings.ToLower(reference), strings.Repeat("A", 26)} {
		if got, err := all.Find(other); got != nil || err != nil {
			t.Errorf("%q finds %q, %v", other, got, err)
		}
	}
}

func TestNetworksMayLeaveOnlySoMuch(t *testing.T) {
	all := kept.New(memory.New(), limit.Rate{Count: 3, Per: 24 * time.Hour}, 0)
	for i := range 5 {
		inside, outside := netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x::1", i)), netip.MustParseAddr(fmt.Sprintf("2001:db8:1:%x00::1", i))
		for what, keep := range map[string]func(netip.Addr) error{
			"message": func(client netip.Addr) error {
				_, err := all.Message(t.Context(), client, []byte("Hello"), time.Hour)
				return err
			},
			"account": func(client netip.Addr) error { return all.Account(t.Context(), client) },
		} {
			if err := keep(inside); errors.As(err, new(*limit.Error)) != (i >= 3) {
				t.Errorf("%s %d: %v", what, i+1, err)
			}
			if err := keep(outside); err != nil {
				t.Errorf("%s from another network: %v", what, err)
			}
		}
	}
}

// A /48 may leave four times what a /56 may, and no more from all of its 256.
func TestWideNetworksMayLeaveOnlySoMuch(t *testing.T) {
	all := kept.New(memory.New(), limit.Rate{Count: 3, Per: 24 * time.Hour}, 0)
	left := 0
	for i := range 50 {
		client := netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x00::1", i))
		if _, err := all.Message(t.Context(), client, []byte("Hello"), time.Hour); err == nil {
			left++
		}
	}
	if left != 12 {
		t.Errorf("%d messages are left, want 12", left)
	}
}

// A network that leaves messages day after day fills a quarter of the places, and everybody else still has room.
func TestNoNetworkFillsThePlaces(t *testing.T) {
	for name, room := range map[string]int64{"large": 0, "8 MiB": 8 << 20} {
		all := kept.New(memory.New(), limit.Rate{}, room)
		left := 0
		for ; left < kept.Messages; left++ {
			if _, err := all.Message(t.Context(), somebody, []byte("Hello"), time.Hour); err != nil {
				break
			}
		}
		for i := range 20 {
			if _, err := all.Message(t.Context(), nth(i), []byte("Hello"), time.Hour); err != nil {
				t.Errorf("%s: after %d messages of one network, another's: %v", name, left, err)
			}
		}
	}
}

// A storage of less room has room for fewer, and finds what was kept when there was more.
func TestMessagesFitIntoTheStorage(t *testing.T) {
	store := memory.New()
	before, err := kept.New(store, limit.Rate{}, 0).Message(t.Context(), somebody, []byte("Before"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	all := kept.New(store, limit.Rate{}, 8<<20)
	most, n := 8<<20/4/(24<<10), 0
	for err = nil; err == nil && n <= most; n++ {
		_, err = all.Message(t.Context(), nth(n), []byte("Hello"), time.Hour)
	}
	if !errors.Is(err, kept.ErrFull) || n < most/2 || store.Len() > most+1 {
		t.Errorf("after %d messages, of %d that fit: %v", n, most, err)
	}
	if got, err := all.Find(before); string(got) != "Before" || err != nil {
		t.Errorf("what was there before is %q, %v", got, err)
	}
}
