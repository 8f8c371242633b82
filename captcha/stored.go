package captcha

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"
)

// storedKeeper keeps each challenge in the storage, under its key, until it is taken or expires.
type storedKeeper struct {
	storage    atomicStorage
	storageKey func(key string) string
	namespace  namespace
	newKey     func() string
	expiration time.Duration
	now        func() time.Time
}

func (k *storedKeeper) issue(ctx context.Context, c content) (string, content, error) {
	rand.Read(c.seed[:])
	key := k.newKey()
	if !keyForm(key) {
		return "", content{}, storageError("store a challenge", keyFormError(key))
	}
	added, err := k.storage.Add(ctx, k.storageKey(key), k.namespace.encode(c), k.expiration)
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
	c, own, err := k.namespace.decode(value)
	if err != nil {
		return content{}, storageError("read a challenge", err)
	}
	// Many storages drop what is expired late, or to the second.
	if !own || !c.expires.After(k.now()) {
		return content{}, ErrUnknownKey
	}
	return c, nil
}

// namespace stands for the StorageKey in a stored challenge. Where one form begins like another, as a_{key} and a_b_{key}
// do, the one guard's name for the key b_c is the other's for the key c.
type namespace [8]byte

func newNamespace(form string) namespace {
	hash := sha256.Sum256([]byte(form))
	return namespace(hash[:])
}

// A stored challenge: namespace (8), expiry in Unix milliseconds (8), seed (32), language (1), answer.
const storedHeader = len(namespace{}) + 8 + 32 + 1

func (n namespace) encode(c content) []byte {
	b := make([]byte, 0, storedHeader+len(c.answer))
	b = append(b, n[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.expires.UnixMilli()))
	b = append(b, c.seed[:]...)
	b = append(b, c.language)
	return append(b, c.answer...)
}

// decode reads a stored challenge, and reports whether it was issued in this namespace.
func (n namespace) decode(b []byte) (c content, own bool, err error) {
	if len(b) <= storedHeader {
		return content{}, false, errors.New("the stored value is not a challenge")
	}
	own = namespace(b) == n
	b = b[len(n):]
	c.expires = time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
	copy(c.seed[:], b[8:])
	c.language = b[8+32]
	c.answer = string(b[8+32+1:])
	return c, own, nil
}
