package limit_test

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

func TestCounter(t *testing.T) {
	one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	synctest.Test(t, func(t *testing.T) {
		counter, err := limit.NewCounter(limit.Config{Rate: limit.Rate{Count: 2, Per: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []time.Duration{0, 0, 30 * time.Second} {
			if wait := counter.Take(one); wait != want {
				t.Errorf("number %d waits %v, want %v", i+1, wait, want)
			}
		}
		if wait := counter.Take(other); wait != 0 {
			t.Errorf("another address waits %v", wait)
		}
		time.Sleep(30 * time.Second)
		if wait := counter.Take(one); wait != 0 {
			t.Errorf("after the time that it said there are %v left", wait)
		}
	})
}

func TestCounterWithoutALimit(t *testing.T) {
	counter, err := limit.NewCounter(limit.Config{Rate: limit.Rate{Count: limit.Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if counter.Take(netip.Addr{}) != 0 {
			t.Fatal("refused")
		}
	}
	var refused *setting.Error
	if _, err := limit.NewCounter(limit.Config{Rate: limit.Rate{Count: 1}}); !errors.As(err, &refused) || refused.Field != "Rate.Per" {
		t.Errorf("%v", err)
	}
}
