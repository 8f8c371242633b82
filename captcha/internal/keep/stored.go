package keep

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Stored keeps each challenge in the storage, under its key, until it is taken or expires.
type Stored struct {
	storage Storage
	names   names
	cfg     Config
	layout  mark // of values as they are written
	first   mark // of values of the first version, which are read
}

// NewStored returns a keeper that stores. It returns an error if NewKey makes keys that are not accepted.
func NewStored(cfg Config) (*Stored, error) {
	if key := cfg.NewKey(); !KeyForm(key) {
		return nil, keyFormError(key)
	}
	names := newNames(cfg.Namespace)
	return &Stored{cfg.Storage, names, cfg, newMark("2 " + string(names)), newMark(string(names))}, nil
}

func keyFormError(key string) error {
	return fmt.Errorf("the generator made the key %q; accepted: 1 to %d letters, digits, - and _", key, MaxKey)
}

// name is where a challenge is stored. The scope is a part of the name, unless it is the plain one. So in another scope
// the key is not there, and is not used up.
func (k *Stored) name(key string, scope Scope) string {
	if scope.plain() {
		return k.names.of(key)
	}
	hash := sha256.Sum256([]byte(scope.text(string(k.names))))
	return k.names.of(key + "~" + base64.RawURLEncoding.EncodeToString(hash[:9]))
}

func (k *Stored) Issue(ctx context.Context, c Challenge, scope Scope) (string, Challenge, error) {
	rand.Read(c.Seed[:])
	key := k.cfg.NewKey()
	if !KeyForm(key) {
		return "", Challenge{}, storageError("store a challenge", keyFormError(key))
	}
	left := c.Expires.Sub(k.cfg.Now())
	added, err := k.storage.Add(ctx, k.name(key, scope), encode(k.layout, c), left)
	if err == nil && !added {
		err = errors.New("the generator made a key twice")
	}
	if err != nil {
		return "", Challenge{}, storageError("store a challenge", err)
	}
	return key, c, nil
}

func (k *Stored) Peek(ctx context.Context, key string, scope Scope) (Challenge, error) {
	value, err := k.storage.Get(ctx, k.name(key, scope))
	return k.read(value, err)
}

func (k *Stored) Read(ctx context.Context, key string, scope Scope) (Challenge, error) {
	return k.Peek(ctx, key, scope)
}

func (k *Stored) Take(ctx context.Context, key string, scope Scope) (Challenge, error) {
	value, err := k.storage.Take(ctx, k.name(key, scope))
	return k.read(value, err)
}

// Sending can make the secret only from the key, because a challenge that was taken is no longer in the storage. By
// then the key isn't there either, so nobody who reads the storage finds it.
func (k *Stored) Sending(ctx context.Context, key string, scope Scope) (secret [32]byte, issued bool, err error) {
	_, err = k.Peek(ctx, key, scope)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return secret, false, err
	}
	return sha256.Sum256([]byte("sending " + scope.text(string(k.names)) + " " + key)), err == nil, nil
}

func (k *Stored) read(value []byte, err error) (Challenge, error) {
	if err != nil {
		return Challenge{}, storageError("find a challenge", err)
	}
	if value == nil {
		return Challenge{}, ErrUnknown
	}
	c, own, err := k.decode(value)
	if err != nil {
		return Challenge{}, storageError("read a challenge", err)
	}
	// Many storages drop expired entries late, or count in whole seconds.
	if !own || !c.Expires.After(k.cfg.Now()) {
		return Challenge{}, ErrUnknown
	}
	return c, nil
}

// mark stands for the layout and the namespace in a stored challenge. If one template begins like another, as a_{key}
// and a_b_{key} do, one guard's name for the key b_c is the other's name for the key c.
type mark [8]byte

func newMark(text string) mark {
	hash := sha256.Sum256([]byte(text))
	return mark(hash[:])
}

// A stored challenge: mark (8), expiry in Unix milliseconds (8), seed (32), language (2), terms (1), answer. The first
// version had the language's place in its list (1) and no terms.
const (
	storedHeader = len(mark{}) + 8 + 32 + 2 + 1
	firstHeader  = len(mark{}) + 8 + 32 + 1
)

func encode(m mark, c Challenge) []byte {
	b := make([]byte, 0, storedHeader+len(c.Answer))
	b = append(b, m[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Expires.UnixMilli()))
	b = append(b, c.Seed[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(c.Language))
	b = append(b, c.Terms.pack())
	return append(b, c.Answer...)
}

// decode reads a stored challenge, and reports whether it was issued in this namespace.
func (k *Stored) decode(b []byte) (c Challenge, own bool, err error) {
	if len(b) < firstHeader {
		return Challenge{}, false, errors.New("the stored value is not a challenge")
	}
	m := mark(b)
	c.Expires = time.UnixMilli(int64(binary.BigEndian.Uint64(b[8:])))
	copy(c.Seed[:], b[16:])
	switch {
	case m == k.layout && len(b) >= storedHeader:
		c.Language = Language(binary.BigEndian.Uint16(b[48:]))
		c.Terms = unpackTerms(b[50])
		c.Answer = string(b[storedHeader:])
	case m == k.first:
		c.Language = atPlace(k.cfg.Languages, b[48])
		c.Answer = string(b[firstHeader:])
	default:
		return Challenge{}, false, nil
	}
	return c, true, nil
}
