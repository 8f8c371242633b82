package captcha

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"
)

// storedKeeper keeps each challenge in the storage, under its key, until it is taken or expires.
type storedKeeper struct {
	storage    atomicStorage
	storageKey func(key string) string
	newKey     func() string
	expiration time.Duration
	now        func() time.Time
}

func (k *storedKeeper) issue(ctx context.Context, c content) (string, content, error) {
	rand.Read(c.seed[:])
	key := k.newKey()
	added, err := k.storage.Add(ctx, k.storageKey(key), c.encode(), k.expiration)
	if err == nil && !added {
		err = errors.New("the key generator repeated a key")
	}
	if err != nil {
		return "", content{}, storageError("store a challenge", err)
	}
	return key, c, nil
}

func (k *storedKeeper) peek(_ context.Context, key string) (content, error) {
	value, err := k.storage.Get(k.storageKey(key))
	return k.decode(value, err)
}

func (k *storedKeeper) take(ctx context.Context, key string) (content, error) {
	value, err := k.storage.Take(ctx, k.storageKey(key))
	return k.decode(value, err)
}

func (k *storedKeeper) decode(value []byte, err error) (content, error) {
	if err != nil {
		return content{}, storageError("find a challenge", err)
	}
	if value == nil {
		return content{}, ErrUnknownKey
	}
	c, ok := decodeContent(value)
	if !ok {
		return content{}, storageError("read a challenge", errors.New("the stored value is not a challenge"))
	}
	// Many storages drop what is expired late, or to the second.
	if !c.expires.After(k.now()) {
		return content{}, ErrUnknownKey
	}
	return c, nil
}

// A stored challenge: expiry in Unix milliseconds (8), seed (32), language (1), answer.
const storedHeader = 8 + 32 + 1

func (c content) encode() []byte {
	b := make([]byte, 0, storedHeader+len(c.answer))
	b = binary.BigEndian.AppendUint64(b, uint64(c.expires.UnixMilli()))
	b = append(b, c.seed[:]...)
	b = append(b, c.language)
	return append(b, c.answer...)
}

func decodeContent(b []byte) (c content, ok bool) {
	if len(b) <= storedHeader {
		return content{}, false
	}
	c.expires = time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
	copy(c.seed[:], b[8:])
	c.language = b[storedHeader-1]
	c.answer = string(b[storedHeader:])
	return c, true
}
