package captcha

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// Config holds a guard's settings. The zero value is usable: it is ConfigDefault.
type Config struct {
	// Next skips Protect when it returns true.
	//
	// Optional. Default: nil
	Next func(c *fiber.Ctx) bool

	// Storage remembers which challenges were used, or the challenges themselves (see Stored). All replicas of an app
	// share one. One that implements Adder and Taker makes a challenge single use on all of them; another
	// fiber.Storage does so within one process, which is logged once.
	//
	// Optional. Default: bounded memory of this process
	Storage fiber.Storage

	// Expiration is how long a challenge can be answered, from one second to 24 hours.
	//
	// Optional. Default: 5 * time.Minute
	Expiration time.Duration

	// Alphabet holds the letters of the answers: 2 to 255 different ones, upper and lower case counting as one.
	//
	// Optional. Default: picture.Alphabet, capital letters and digits without look-alikes
	Alphabet string

	// Length is the number of letters of an answer, from 1 to 32. Unless Stored is set, the longest answer must fit into
	// 14 bytes of UTF-8.
	//
	// Optional. Default: 4
	Length int

	// MaxLength, where it is greater than Length, makes each answer's length a random one from Length to MaxLength.
	//
	// Optional. Default: Length
	MaxLength int

	// Picture says how the pictures look.
	//
	// Optional. Default: the defaults of picture.Config
	Picture picture.Config

	// Audio speaks challenges to those who can't see them: audio.New(), from the package captcha/audio. A guard without
	// it has no sound, and the binary no recordings. It must be able to say every letter of Alphabet in each of its
	// languages, or in the one that Language sets: audio.Config.Languages leaves languages out.
	//
	// Optional. Default: nil
	Audio Speaker

	// Language is the language of sound and field texts, whatever the request prefers: one that has Texts.
	//
	// Optional. Default: "", the best match for the request's Accept-Language
	Language string

	// Texts change what the form field says, by language (BCP 47), and add languages. What is left empty stays as it is,
	// or is English in an added language. A language that Audio does not speak has the sound of Audio's first.
	//
	// Optional. Default: English (en), German (de), French (fr), Spanish (es), Portuguese (pt) and Russian (ru)
	Texts map[string]Texts

	// Path is where the form field finds Create, as a browser sees it: names of letters, digits and ._~- between slashes,
	// with a slash at either end. Audio is below it, at :key/audio.wav, and Assets, at assets/:file. Guards whose fields
	// stand in one app each need a Path of their own.
	//
	// Optional. Default: "/api/captcha/"
	Path string

	// Secrets seal the challenges: at least 32 characters each, from a random source. The first seals and all of them
	// open, so that a new one can be put in front while the old one stays for one Expiration.
	//
	// Optional. Default: one secret that all replicas agree on through Storage
	Secrets []string

	// Stored keeps each challenge in Storage until it is answered or expires, instead of sealing it in its key. That
	// costs a write and some room per challenge shown. It is how a Storage without Adder is used where no Secrets are
	// given, and what to choose for a Storage that may lose its data while the app runs on: it then forgets the
	// challenges as well as which of them were used.
	//
	// Optional. Default: false
	Stored bool

	// StorageKey is the form of the keys in Storage, at most 256 bytes. {key}, which it has once, stands for the
	// challenge's key, with a ~ before it where that key was used, and {version} for the version of the stored value's
	// form. Guards that share a Storage and have the same StorageKey accept each other's challenges; give one that asks
	// less of a visitor a form of its own.
	//
	// Optional. Default: "rest_captcha_{key}.{version}"
	StorageKey string

	// KeyField is the name of the key in the reply and in a submission.
	//
	// Optional. Default: "captcha_key"
	KeyField string

	// ImageField is the name of the picture in the reply.
	//
	// Optional. Default: both "captcha_image" and "captcha_value", for there are front ends for either
	ImageField string

	// KeyGenerator makes the key of a stored challenge: 1 to 64 letters, digits, - and _, which nobody can guess.
	// A sealed challenge's key is its seal.
	//
	// Optional. Default: a random UUID
	KeyGenerator func() string

	// ErrorHandler answers a request that Protect refuses. The error is one of this package's.
	//
	// Optional. Default: Reply, which answers in JSON
	ErrorHandler func(c *fiber.Ctx, err error) error

	// Observe is told of every challenge issued, spoken and verified, for counting. It is called within the request.
	//
	// Optional. Default: nil
	Observe func(Event)

	// InsecureMasterAnswers are key and answer pairs that are always accepted and never used up, for the automated
	// tests of an app. Anyone who knows a pair gets past the captcha: their number is logged at start.
	//
	// Optional. Default: nil
	InsecureMasterAnswers map[string]string

	// Logger gets the warnings about settings, at start, and nothing that is secret.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger

	// Now tells the time. A test replaces it.
	//
	// Optional. Default: time.Now
	Now func() time.Time
}

// ConfigDefault is the default Config.
var ConfigDefault = Config{
	Expiration: 5 * time.Minute,
	Alphabet:   picture.Alphabet,
	Length:     4,
	StorageKey: "rest_captcha_{key}.{version}",
	KeyField:   "captcha_key",
	Path:       "/api/captcha/",
}

const (
	maxExpiration = 24 * time.Hour
	maxLength     = 32
	maxAlphabet   = 255
	minSecret     = 32 // characters: 128 bits where they are hexadecimal digits

	// keyLimit and valueLimit are the original's, in characters. The second grows with the longest answer.
	keyLimit   = 64
	valueLimit = 8

	storedVersion = "1"

	valueField         = "captcha_value"
	imageField         = "captcha_image"
	maxStorageKeyBytes = 256
)

// withDefaults fills in what config leaves out.
func withDefaults(config ...Config) Config {
	cfg := Config{}
	if len(config) > 0 {
		cfg = config[0]
	}
	if cfg.Expiration == 0 {
		cfg.Expiration = ConfigDefault.Expiration
	}
	if cfg.Alphabet == "" {
		cfg.Alphabet = ConfigDefault.Alphabet
	}
	if cfg.Length == 0 {
		cfg.Length = ConfigDefault.Length
	}
	if cfg.MaxLength == 0 {
		cfg.MaxLength = cfg.Length
	}
	if cfg.StorageKey == "" {
		cfg.StorageKey = ConfigDefault.StorageKey
	}
	if cfg.KeyField == "" {
		cfg.KeyField = ConfigDefault.KeyField
	}
	if cfg.Path == "" {
		cfg.Path = ConfigDefault.Path
	}
	if cfg.KeyGenerator == nil {
		cfg.KeyGenerator = utils.UUIDv4
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = Reply
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Event) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.InsecureMasterAnswers = maps.Clone(cfg.InsecureMasterAnswers)
	return cfg
}

// check says what is impossible about the settings, with the bad value quoted. What concerns the picture is the picture
// package's to say.
func (cfg Config) check() error {
	switch {
	case cfg.Expiration < time.Second || cfg.Expiration > maxExpiration:
		return fmt.Errorf("captcha: Expiration %v is not from 1s to %v", cfg.Expiration, maxExpiration)
	case cfg.Length < 1 || cfg.Length > maxLength:
		return fmt.Errorf("captcha: Length %d is not from 1 to %d", cfg.Length, maxLength)
	case cfg.MaxLength < cfg.Length || cfg.MaxLength > maxLength:
		return fmt.Errorf("captcha: MaxLength %d is not from Length, which is %d, to %d", cfg.MaxLength, cfg.Length, maxLength)
	case strings.Count(cfg.StorageKey, "{key}") != 1 || len(cfg.StorageKey) > maxStorageKeyBytes:
		return fmt.Errorf("captcha: StorageKey %q does not have {key} once, within %d bytes", cfg.StorageKey, maxStorageKeyBytes)
	case cfg.KeyField == valueField || slices.Contains(constantFields, cfg.KeyField) || slices.Contains(cfg.imageFields(), cfg.KeyField):
		return fmt.Errorf("captcha: KeyField %q is the name of another field", cfg.KeyField)
	case slices.Contains(constantFields, cfg.ImageField):
		return fmt.Errorf("captcha: ImageField %q is the name of another field", cfg.ImageField)
	case !pathForm.MatchString(cfg.Path):
		return fmt.Errorf("captcha: Path %q is not made of names between slashes, of letters, digits and ._~-, as in %q", cfg.Path, ConfigDefault.Path)
	}
	if err := checkAlphabet(cfg.Alphabet); err != nil {
		return err
	}
	for i, secret := range cfg.Secrets {
		if n := utf8.RuneCountInString(secret); n < minSecret {
			return fmt.Errorf("captcha: Secrets[%d] has %d characters; at least %d are needed", i, n, minSecret)
		}
	}
	for key, answer := range cfg.InsecureMasterAnswers {
		if key != strings.TrimSpace(key) || answer != strings.TrimSpace(answer) {
			return fmt.Errorf("captcha: InsecureMasterAnswers %q can't be submitted: white space around a key or an answer does not count", key)
		}
		if err := checkShape(cfg.KeyField, key, answer, cfg.valueLimit()); err != nil {
			return fmt.Errorf("captcha: InsecureMasterAnswers %q can't be submitted: %w", key, err)
		}
	}
	return nil
}

func checkAlphabet(alphabet string) error {
	if !utf8.ValidString(alphabet) {
		return fmt.Errorf("captcha: Alphabet %q is not UTF-8", alphabet)
	}
	letters := []rune(alphabet)
	if len(letters) < 2 || len(letters) > maxAlphabet {
		return fmt.Errorf("captcha: Alphabet %q has %d letters, not 2 to %d", alphabet, len(letters), maxAlphabet)
	}
	seen := make(map[string]rune, len(letters))
	for _, r := range letters {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return fmt.Errorf("captcha: Alphabet has %q, which can't be seen", r)
		}
		folded := fold(string(r))
		if other, ok := seen[folded]; ok {
			return fmt.Errorf("captcha: Alphabet has %q and %q, which count as one letter", other, r)
		}
		seen[folded] = r
	}
	return nil
}

// constantFields are those of a reply that no setting renames.
var constantFields = []string{"image_type", "image_decode"}

// pathForm are paths that mean the same to a browser and to Fiber's router.
var pathForm = regexp.MustCompile(`^/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*$`)

// valueLimit is the greatest number of characters of a submitted answer.
func (cfg Config) valueLimit() int { return max(valueLimit, cfg.MaxLength) }
