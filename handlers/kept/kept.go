// Package kept bounds what visitors leave in a site's storage: by network, and in all. A captcha bounds how fast one
// bot can write, but not how much many people can write in a month. If the storage also holds what must never be
// refused, such as the marks of spent challenges, the visitors' part has to be far smaller than the whole.
package kept

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/attempts"
	"github.com/fibercaptcha/fibercaptcha/captcha/limit"
	"github.com/fibercaptcha/fibercaptcha/captcha/memory"
)

// Storage is what this package needs of a storage.
type Storage interface {
	Get(key string) ([]byte, error)
	captcha.Adder
	captcha.Counter
}

// The bounds for all visitors together. A message takes at most 21 KB (5,000 characters of four bytes), which Redis
// rounds up. An account takes 500 bytes and what Redis needs for a key. So all messages take at most 48 MB, and all
// accounts 32 MB. In a smaller storage there are fewer of both.
const (
	Messages = 2000
	Accounts = 50_000

	messageBytes = 24 << 10
	accountBytes = 640
)

// ErrFull says that there is no room for what visitors leave.
var ErrFull = errors.New("there is no room for more messages or accounts")

// Kept counts what visitors leave.
type Kept struct {
	storage            Storage
	rate               limit.Rate // of messages, and of accounts, by network
	messages, accounts int
}

// New returns a Kept that counts in storage. Each network may leave as many messages as rate says, and as many
// accounts. room is the size of the whole storage in bytes, or 0 if it is large enough: messages may take a quarter of
// it, and accounts an eighth.
func New(storage Storage, rate limit.Rate, room int64) *Kept {
	if rate == (limit.Rate{}) {
		rate.Count = limit.Unlimited
	}
	k := &Kept{storage, rate, Messages, Accounts}
	if room > 0 {
		k.messages = int(min(Messages, max(1, room/4/messageBytes)))
		k.accounts = int(min(Accounts, room/8/accountBytes))
	}
	return k
}

// tries is how many places are tried for a free one. If nine of ten places are taken, 48 tries find a free one in 99 of
// 100 cases. If half of them are taken, they fail once in 10^14 cases.
const tries = 48

// Message keeps a message for a time and returns the reference to find it by, which can't be guessed. A message lies in
// one of a fixed number of places, and adding to a place that is taken fails. That is how messages are counted: it is
// atomic in every storage, and expired messages are never counted. With less room only the first places are used, so
// that messages can still be found after the room has changed. The error is ErrFull, a *limit.Error, or the storage's.
func (k *Kept) Message(ctx context.Context, client netip.Addr, message []byte, life time.Duration) (reference string, err error) {
	if err := k.allow(ctx, "messages", client); err != nil {
		return "", err
	}
	network := widest(client)
	for range tries {
		for reference = rand.Text(); !k.open(network, place(reference)); reference = rand.Text() {
		}
		added, err := k.storage.Add(ctx, Place(reference), append([]byte(reference), message...), life)
		if errors.Is(err, memory.ErrFull) {
			return "", fmt.Errorf("%w: messages: %w", ErrFull, err)
		}
		if err != nil {
			return "", err
		}
		if added {
			return reference, nil
		}
	}
	return "", fmt.Errorf("%w: messages", ErrFull)
}

// open reports whether a network's messages may lie in a place: in a quarter of them, another for each network, so that
// none can fill more, in however many days. If there are few places, all are open to everybody.
func (k *Kept) open(network string, place uint32) bool {
	const few, share = 64, 4
	if place >= uint32(k.messages) {
		return false
	}
	hash := fnv.New32a()
	fmt.Fprint(hash, place, network)
	return k.messages < few || hash.Sum32()>>8%share == 0
}

// Find returns the message with a reference, or nil if there is none.
func (k *Kept) Find(reference string) (message []byte, err error) {
	value, err := k.storage.Get(Place(reference))
	if err != nil || len(value) < len(reference) || subtle.ConstantTimeCompare(value[:len(reference)], []byte(reference)) == 0 {
		return nil, err
	}
	if len(reference) != len(rand.Text()) {
		return nil, nil
	}
	return value[len(reference):], nil
}

// Place is the key of the place where a message with this reference lies.
func Place(reference string) string { return fmt.Sprint("message_", place(reference)) }

func place(reference string) uint32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(reference))
	return hash.Sum32() % Messages
}

// Account counts one more account, which the caller adds next. Accounts are kept for good, and so is the count: an
// account that could not be added after all stays counted.
func (k *Kept) Account(ctx context.Context, client netip.Addr) error {
	if err := k.allow(ctx, "accounts", client); err != nil {
		return err
	}
	n, err := k.storage.Count(ctx, "accounts", 0)
	if err == nil && n > int64(k.accounts) {
		err = fmt.Errorf("%w: accounts", ErrFull)
	}
	return err
}

// allow counts one thing more for each of a client's networks.
func (k *Kept) allow(ctx context.Context, kind string, client netip.Addr) error {
	if k.rate.Count == limit.Unlimited {
		return nil
	}
	for _, network := range networksOf(client) {
		name := sha256.Sum256([]byte(kind + " " + network.name))
		n, err := k.storage.Count(ctx, "kept_"+base64.RawURLEncoding.EncodeToString(name[:15]), k.rate.Per)
		if err == nil && n > int64(k.rate.Count*network.times) {
			err = &limit.Error{Wait: k.rate.Per}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type network struct {
	name  string
	times int // how much it may leave, in multiples of the rate
}

// widest returns the widest network that counts as one.
func widest(client netip.Addr) string {
	networks := networksOf(client)
	return networks[len(networks)-1].name
}

// networksOf returns the network that one customer has, and the /48 that some have.
func networksOf(client netip.Addr) []network {
	networks := []network{{attempts.NetworkOf(client), 1}}
	if client = client.Unmap(); client.Is6() {
		wide, _ := client.Prefix(48) // fails only for more bits than an address has
		networks = append(networks, network{wide.String(), 4})
	}
	return networks
}
