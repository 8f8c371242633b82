// Package keep makes a challenge good for one try. It hides challenges in their keys or stores them under their keys,
// and gives each challenge to one of any number of callers. It knows no HTTP.
package keep

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The two ways in which a call here fails.
var (
	// ErrUnknown says that a key names nothing that can still be taken here: it was never issued, was issued for another
	// scope, was taken before, or has expired. The error does not tell these cases apart.
	ErrUnknown = errors.New("unknown key")
	// ErrStorage wraps the storage's error.
	ErrStorage = errors.New("storage failed")
)

func storageError(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrStorage, doing, err)
}

// Challenge is what a key stands for. Nothing of it may leave the server, except as a picture, a sound or a piece of
// work.
type Challenge struct {
	Answer   string
	Language Language
	Terms    Terms
	Expires  time.Time
	Seed     [32]byte // what pictures, sounds and work are drawn from; set by Issue
}

// Terms are the terms on which a challenge was issued. They are kept so that a visitor can't choose cheaper ones
// afterwards. They fit into a byte.
type Terms struct {
	Demand uint8 // 0 to 3: what has to be brought
	Preset uint8 // 0 to 7: the settings of the picture
	Level  uint8 // 0 to 7: how much work
}

func (t Terms) pack() byte     { return t.Demand<<6 | t.Preset&7<<3 | t.Level&7 }
func unpackTerms(b byte) Terms { return Terms{b >> 6, b >> 3 & 7, b & 7} }

// Subseed returns a seed for one use of a challenge: 'p' for the picture, 's' for the sound. Seeds of different uses
// are independent of each other: what can be measured in a picture, such as a letter's slope, must say nothing about
// the noise in the sound.
func (c Challenge) Subseed(use byte) [32]byte {
	var b [33]byte
	copy(b[:], c.Seed[:])
	b[32] = use
	return sha256.Sum256(b[:])
}

// Language is a language's code in a key: a hash of its tag, and so the same on every replica, whatever its settings.
type Language uint16

// LanguageOf returns the code of a tag (BCP 47). Upper and lower case count as the same.
func LanguageOf(tag string) Language {
	hash := sha256.Sum256([]byte(strings.ToLower(tag)))
	return Language(hash[0])<<8 | Language(hash[1])
}

// Kind is what a key is: a challenge, or a receipt for one that was met.
type Kind byte

const (
	Puzzle  Kind = 'c'
	Receipt Kind = 'r'
)

// Scope is where a key is good. It is authenticated with the key, or is a part of the name in the storage, and takes no
// room. In another scope the key is unknown, and is not used up.
type Scope struct {
	Kind    Kind
	Purpose string // what the challenge is for
	Binding string // whom it is for, in the app's own words
}

// plain reports whether s is the scope of the keys from before there were scopes.
func (s Scope) plain() bool { return s == Scope{Kind: Puzzle} }

// text returns the scope and the namespace as one text, which is different for any two.
func (s Scope) text(namespace string) string {
	return fmt.Sprintf("%c %d %s %d %s %s", s.Kind, len(namespace), namespace, len(s.Purpose), s.Purpose, s.Binding)
}

// Keeper is what the two ways of keeping challenges have in common: sealed in their keys, or stored under them. Its
// errors are ErrUnknown and ErrStorage.
type Keeper interface {
	// Issue makes the key for c, and returns c with its seed, and with its expiry as exactly as it is kept.
	Issue(ctx context.Context, c Challenge, scope Scope) (key string, issued Challenge, err error)
	// Peek returns what key stands for and leaves it as it is.
	Peek(ctx context.Context, key string, scope Scope) (Challenge, error)
	// Read returns what key stands for, even of a key that was taken if that is possible without the storage.
	Read(ctx context.Context, key string, scope Scope) (Challenge, error)
	// Take returns what key stands for and uses it up. Of any number of callers at most one gets it.
	Take(ctx context.Context, key string, scope Scope) (Challenge, error)
	// Sending returns a secret that only key leads to, the same before and after key is taken, and reports whether key was
	// issued, as far as that is still known.
	Sending(ctx context.Context, key string, scope Scope) (secret [32]byte, issued bool, err error)
}

// Config is what a keeper is made of.
type Config struct {
	Storage   Storage
	Namespace string           // the template of the names in the storage, with {key} once
	Longest   time.Duration    // the longest that anything is good for
	Now       func() time.Time // tells the time

	NewKey  func() string // of a stored challenge
	Secrets []string      // of sealed challenges, the one that seals first; if empty, a secret is agreed on through Storage

	// Languages are the codes of languages, in the order by whose places keys of the first version name them.
	Languages []Language
}

// MaxKey is the greatest number of characters of a key.
const MaxKey = 64

// KeyForm reports whether key is spelt as keys are. A key that is not never reaches the storage, where other things
// than challenges may have names.
func KeyForm(key string) bool {
	for i := range len(key) {
		switch b := key[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_':
		default:
			return false
		}
	}
	return len(key) > 0 && len(key) <= MaxKey
}

// version replaces {version} in a namespace. It is the version of the names, which all versions of the stored values
// share.
const version = "1"

// names makes the names in the storage.
type names string

func newNames(namespace string) names {
	return names(strings.ReplaceAll(namespace, "{version}", version))
}

func (n names) of(key string) string { return strings.Replace(string(n), "{key}", key, 1) }

// spent is the name of the mark that says that key is used up. No key has a tilde. So a guard that stores its
// challenges can't be made to take another guard's mark for a challenge and remove it.
func (n names) spent(key string) string { return n.of("~" + key) }

// secret is the name of the secret that replicas agree on. No key has a tilde, so that none can name it.
func (n names) secret() string { return n.of("~secret") }
