package handlers

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// Three failed logins in a quarter of an hour are free, for an account and for an address each. Then a captcha is asked for.
const (
	freeAttempts  = 3
	attemptWindow = 15 * time.Minute
)

// attempts counts failed logins. The count is a number of entries that expire, one for each free attempt, because adding
// an entry is a single step on any number of replicas. An attempt takes its entry before the password is looked at, and
// only a success gives it back: of a hundred guesses at the same moment three are looked at without a captcha.
type attempts struct {
	storage interface {
		captcha.Adder
		Get(key string) ([]byte, error)
		Delete(key string) error
	}
}

// take uses one of the subject's free attempts. It returns nothing if none is left.
func (a attempts) take(ctx context.Context, subject string) (entry string, err error) {
	for n := range freeAttempts {
		entry := attemptKey(n, subject)
		var added bool
		err := onStorage(ctx, "count a login", func() (err error) {
			added, err = a.storage.Add(ctx, entry, []byte("taken"), attemptWindow)
			return err
		})
		if err != nil {
			return "", err
		}
		if added {
			return entry, nil
		}
	}
	return "", nil
}

// takeAll uses a free attempt of each subject, and says whether all had one. The caller gives back what was taken.
func (a attempts) takeAll(ctx context.Context, subjects ...string) (taken []string, all bool, err error) {
	for _, subject := range subjects {
		entry, err := a.take(ctx, subject)
		if err != nil || entry == "" {
			return taken, false, err
		}
		taken = append(taken, entry)
	}
	return taken, true, nil
}

// giveBack undoes take.
func (a attempts) giveBack(ctx context.Context, taken []string) error {
	for _, entry := range taken {
		if err := onStorage(ctx, "give back a login", func() error { return a.storage.Delete(entry) }); err != nil {
			return err
		}
	}
	return nil
}

// spent reports whether any of the subjects has no free attempt left.
func (a attempts) spent(ctx context.Context, subjects ...string) (bool, error) {
	for _, subject := range subjects {
		left := false
		for n := freeAttempts - 1; n >= 0 && !left; n-- { // the last one is the likeliest to be left
			err := onStorage(ctx, "count logins", func() error {
				value, err := a.storage.Get(attemptKey(n, subject))
				left = value == nil
				return err
			})
			if err != nil {
				return false, err
			}
		}
		if !left {
			return true, nil
		}
	}
	return false, nil
}

func attemptKey(n int, subject string) string { return fmt.Sprintf("attempt_%d_%s", n, subject) }

// accountSubject is the same whether or not there is such an account.
func accountSubject(email string) string { return "account_" + strings.ToLower(email) }

// addressSubject counts an IPv6 network as one: its subscriber has all of its 2^64 addresses.
func addressSubject(client netip.Addr) string {
	if client.Is6() {
		network, _ := client.Prefix(64)
		return "address_" + network.String()
	}
	return "address_" + client.String()
}
