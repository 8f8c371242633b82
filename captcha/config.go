package captcha

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/fibercaptcha/fibercaptcha/captcha/internal/client"
	"github.com/fibercaptcha/fibercaptcha/captcha/internal/keep"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// Config holds a guard's settings. The zero value is usable: it is ConfigDefault. Zero always means the default.
type Config struct {
	// Storage remembers which challenges were used, or the challenges themselves (see Stored). All processes and replicas
	// of an app share one storage. A storage that implements Adder and Taker makes a challenge single use on all of them.
	// Any other fiber.Storage makes it single use within each process only, and the guard logs that at start.
	//
	// Optional. Default: bounded memory of this process
	Storage fiber.Storage

	// Secrets seal the challenges: at least 32 characters each, from a random source. The first one seals, and each of
	// them opens. To change the secret, put the new one in front and keep the old one for one Expiration.
	//
	// Optional. Default: one secret that all replicas agree on through Storage
	Secrets []string

	// Stored keeps each challenge in Storage until it is answered or expires, instead of sealing it in its key. That
	// costs a write and some room per challenge shown.
	//
	// Optional. Default: false
	Stored bool

	// Purpose is what this guard's challenges are for, such as "signup": at most 64 letters, digits, - and _. A challenge
	// is unknown to guards of other purposes, which do not use it up. Guard.For makes guards for further purposes.
	//
	// Optional. Default: ""
	Purpose string

	// Binding returns something that ties a challenge to whoever asked for it, such as a session's id or an address block.
	// The challenge is unknown to a request for which Binding returns anything else. The key does not reveal the binding.
	//
	// Optional. Default: nil, and anybody may answer a challenge
	Binding func(c *fiber.Ctx) string

	// Expiration is how long a challenge can be answered, from 1 second to 24 hours.
	//
	// Optional. Default: 5 * time.Minute
	Expiration time.Duration

	// Receipts is how long a receipt is good, from one second to 24 hours. A receipt proves, once, that a challenge was
	// met: a request sends it in the field captcha_receipt in place of the key and the answer.
	//
	// Optional. Default: 0, which means that receipts are neither given nor accepted
	Receipts time.Duration

	// Alphabet holds the letters of the answers: 2 to 255, no two of which count as the same. Upper and lower case
	// count as the same, and so do a letter's widths and letters of two scripts that look alike.
	//
	// Optional. Default: picture.Alphabet, capital letters and digits without look-alikes
	Alphabet string

	// Length is the number of letters of an answer, from 1 to 32. Unless Stored is set, the longest answer must fit into
	// 14 bytes of UTF-8.
	//
	// Optional. Default: 4
	Length int

	// MaxLength makes the length of each answer random, from Length to MaxLength, if it is greater than Length.
	//
	// Optional. Default: Length
	MaxLength int

	// Picture says how the pictures that Create sends look.
	//
	// Optional. Default: the defaults of picture.Config
	Picture picture.Config

	// FieldPicture says how the pictures that the form field shows look. Their fonts are those of Picture.
	//
	// Optional. Default: Picture. If Picture sets no size, scale or font size, the field's pictures are 180 x 64 CSS
	// pixels at scale 2, which is easy to read on a phone
	FieldPicture picture.Config

	// Audio speaks challenges to those who can't see them: audio.New(), from the package captcha/audio. Without it a guard
	// has no sound, and the binary carries no recordings. The speaker must be able to say every letter of Alphabet in each
	// of its languages, or in the one that Language sets. To leave languages out, set audio.Config.Languages.
	//
	// Optional. Default: nil
	Audio Speaker

	// Work lets a visitor's browser compute something so that the visitor need not type: work.New(), from the package
	// captcha/work. Without it a guard accepts no work, and the binary carries none of its code.
	//
	// Optional. Default: nil
	Work ProofOfWork

	// Demand decides what a request must bring to get past the guard of this purpose. It is called when the page or one of
	// the guard's own routes issues a challenge, and what it returns is sealed in the challenge. It is called again when a
	// submission is read. Let it therefore depend only on the purpose and on what all these requests have in common, such
	// as the visitor's address.
	//
	// Optional. Default: nil, which means LettersOrWork if Work is set, else LettersOnly
	Demand func(c *fiber.Ctx, purpose string) Demand

	// Pressure asks more of a client if guesses from its network fail: pressure.New(), from the package captcha/pressure.
	// Without it a guard asks the same of everybody, and the binary carries none of its code.
	//
	// Optional. Default: nil
	Pressure Pressure

	// Client returns the address that a request comes from, for Pressure. All clients whose address is not known, for
	// which it returns the zero Addr, count as one.
	//
	// Optional. Default: c.IP(). Behind a proxy that is the proxy's address, so that all visitors count as one client,
	// unless the app sets fiber.Config.ProxyHeader. Set EnableTrustedProxyCheck and TrustedProxies with it: otherwise
	// anybody can claim any address. The default is then the last address in that header that is not a trusted proxy's.
	// Those before it are the visitor's own claim, and c.IP() takes the first.
	Client func(c *fiber.Ctx) netip.Addr

	// Trap is the name of a text field that people never see and so leave empty, such as "subject": letters, digits, _, -
	// and dots. It must not be a name by which browsers fill in what they know about their users. If Trap is set, the form
	// field contains this text field. A submission with text in it is answered like a wrong answer, or like a used receipt
	// if it brings a receipt, and its challenge or receipt is used up. A client that does not know the text field, such as
	// one of the JSON API, need not send it.
	//
	// Optional. Default: "", which means no trap
	Trap string

	// Pause is the least time that must pass between issuing a challenge and answering it, because people have to read it:
	// from a millisecond to a minute, and at most half of Expiration. Letters that come sooner are answered like a wrong
	// answer, and their challenge is used up. Pause does not apply to work alone, which a browser may have finished before
	// its visitor has read the page. If the clocks of replicas differ, the pause is that much longer or shorter.
	//
	// Optional. Default: 0
	Pause time.Duration

	// Language sets the language of the sound and of the field's texts, whatever the request prefers. It must be a
	// language that has Texts, or a relative of one, as zh-TW is of zh-Hant.
	//
	// Optional. Default: "", the best match for the request's Accept-Language
	Language string

	// Texts change what the form field says, by language (a BCP 47 tag), and can add languages. A text that is left empty
	// stays as it is. In an added language, an empty text is taken from the nearest relative, or else from English, which
	// the guard logs at start. A language that Audio does not speak has the sound of its nearest relative, or else of
	// Audio's first language.
	//
	// Optional. Default: the 66 languages that README.md lists, English (en) first
	Texts map[string]Texts

	// Path is where the form field finds Create: names of letters, digits and ._~- between slashes, with a slash at either
	// end. Below it are Audio, at :key/audio.wav; Work, at :key/work; Altcha, at altcha; and Assets, at assets/:file. If
	// several guards with different settings have fields in one app, each needs a Path of its own.
	//
	// Optional. Default: "/api/captcha/"
	Path string

	// Prefix is what a reverse proxy removes from the front of a request's path before this app sees it, such as
	// "/shop": names between slashes, without a slash at the end. A browser finds Path below it.
	//
	// Optional. Default: ""
	Prefix string

	// MaxBody is how many bytes of a request's body are read for the captcha's fields. A longer body is answered with
	// 413.
	//
	// Optional. Default: 1 MiB if the app streams bodies (fiber.Config.StreamRequestBody), else the app's BodyLimit
	MaxBody int

	// Next skips Protect when it returns true.
	//
	// Optional. Default: nil
	Next func(c *fiber.Ctx) bool

	// ErrorHandler answers a request that Protect or one of the guard's own routes refuses. The error is one of this
	// package's.
	//
	// Optional. Default: Reply, which answers in JSON
	ErrorHandler func(c *fiber.Ctx, err error) error

	// Observe is told of every challenge issued, spoken and verified, for counting. It is called within the request,
	// with the request's context.
	//
	// Optional. Default: nil
	Observe func(ctx context.Context, e Event)

	// Logger gets warnings about settings at start, and the causes of failures, such as the storage's, at most one a
	// second. Nothing secret is logged.
	//
	// Optional. Default: slog.Default()
	Logger *slog.Logger

	// Now tells the time. A test replaces it.
	//
	// Optional. Default: time.Now
	Now func() time.Time

	// Compat has settings for clients that were written for another server.
	//
	// Optional. Default: as ConfigDefault has it
	Compat Compat
}

// Compat holds the settings that django-rest-captcha has and that a new app can leave alone.
type Compat struct {
	// KeyField and ValueField are the names of the key and the answer in a submission. A reply names the key by KeyField
	// too. A field's name consists of letters, digits, _, - and dots.
	//
	// Optional. Default: "captcha_key" and "captcha_value"
	KeyField, ValueField string

	// ImageField is the name of the picture in the reply.
	//
	// Optional. Default: both "captcha_image" and "captcha_value", because there are front ends for each
	ImageField string

	// Namespace is the template of the keys in Storage, at most 256 bytes. It contains {key} once, which stands for the
	// challenge's key, with a ~ before it if the key was used. {version} stands for the version of the captcha's names in
	// the storage. The template must also have text of its own, so that no visitor's key can name an entry that is not a
	// captcha's. Guards that share a Storage and have the same Namespace and Purpose accept each other's challenges.
	//
	// Optional. Default: "rest_captcha_{key}.{version}"
	Namespace string

	// KeyGenerator makes the key of a stored challenge: 1 to 64 letters, digits, - and _, which nobody can guess. It is
	// not called for sealed challenges.
	//
	// Optional. Default: a random UUID
	KeyGenerator func() string

	// InsecureMasterAnswers are key and answer pairs that are always accepted and never used up, for the automated tests
	// of an app. Anyone who knows a pair gets past the captcha. The guard logs at start how many there are.
	//
	// Optional. Default: nil
	InsecureMasterAnswers map[string]string
}

// ConfigDefault is the default Config.
var ConfigDefault = Config{
	Expiration: 5 * time.Minute,
	Alphabet:   picture.Alphabet,
	Length:     4,
	Path:       "/api/captcha/",
	Compat: Compat{
		KeyField:   "captcha_key",
		ValueField: "captcha_value",
		Namespace:  "rest_captcha_{key}.{version}",
	},
}

const (
	maxLength     = 32
	minSecret     = 32 // characters: 128 bits if they are hexadecimal digits
	maxNamespace  = 256
	streamedLimit = 1 << 20

	// valueLimit is django-rest-captcha's, in characters. It grows with the longest answer.
	valueLimit = 8

	imageField = "captcha_image"
)

// withDefaults fills in what config leaves out.
func withDefaults(config ...Config) Config {
	cfg := Config{}
	if len(config) > 0 {
		cfg = config[0]
	}
	cfg.Expiration = cmp.Or(cfg.Expiration, ConfigDefault.Expiration)
	cfg.Alphabet = cmp.Or(cfg.Alphabet, ConfigDefault.Alphabet)
	cfg.Length = cmp.Or(cfg.Length, ConfigDefault.Length)
	cfg.MaxLength = cmp.Or(cfg.MaxLength, cfg.Length)
	cfg.Path = cmp.Or(cfg.Path, ConfigDefault.Path)
	if reflect.ValueOf(cfg.FieldPicture).IsZero() {
		cfg.FieldPicture = fieldSize(cfg.Picture)
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = Reply
	}
	if cfg.Client == nil {
		cfg.Client = client.Of
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &cfg.Compat
	c.KeyField = cmp.Or(c.KeyField, ConfigDefault.Compat.KeyField)
	c.ValueField = cmp.Or(c.ValueField, ConfigDefault.Compat.ValueField)
	c.Namespace = cmp.Or(c.Namespace, ConfigDefault.Compat.Namespace)
	if c.KeyGenerator == nil {
		c.KeyGenerator = utils.UUIDv4
	}
	c.InsecureMasterAnswers = maps.Clone(c.InsecureMasterAnswers)
	return cfg
}

// fieldSize gives a picture the field's own size, unless an app has chosen one. Scale 2 is enough even for screens with
// three device pixels per CSS pixel: on a phone with such a screen, 460 pixels per inch, a pixel of the picture is a
// twelfth of a millimetre wide. Scale 3 would double the size of the page.
func fieldSize(p picture.Config) picture.Config {
	if p.Width == 0 && p.Height == 0 && p.Scale == 0 && p.FontSize == 0 {
		p.Width, p.Height, p.Scale = 180, 64, 2
	}
	return p
}

// check says what is impossible about the settings. The picture package checks what concerns the pictures. Sound and
// texts are checked when they are prepared.
func (cfg Config) check() error {
	return errors.Join(
		checkRange("Expiration", cfg.Expiration, time.Second, keep.MaxLife),
		checkSpan("Receipts", cfg.Receipts, time.Second, keep.MaxLife),
		checkRange("Length", cfg.Length, 1, maxLength),
		cfg.checkMaxLength(),
		checkPurpose(cfg.Purpose),
		cfg.checkPath(),
		cfg.checkMaxBody(),
		cfg.checkTrap(),
		checkSpan("Pause", cfg.Pause, time.Millisecond, min(maxPause, cfg.Expiration/2)),
		cfg.checkSecrets(),
		cfg.checkTexts(),
		cfg.Compat.checkFields(),
		cfg.Compat.checkNamespace(),
	)
}

// checkMaxLength has nothing to add if Length itself is wrong.
func (cfg Config) checkMaxLength() error {
	if cfg.Length < 1 || cfg.Length > maxLength {
		return nil
	}
	return checkRange("MaxLength", cfg.MaxLength, cfg.Length, maxLength)
}

// checkSpan allows 0, which means none. A value below least is most likely a number without its unit: Pause: 2 means 2
// nanoseconds.
func checkSpan(field string, value, least, greatest time.Duration) error {
	if value != 0 && (value < least || value > greatest) {
		return setting.Refuse(field, value, "0, or %v to %v", least, greatest)
	}
	return nil
}

func checkRange[T cmp.Ordered](field string, value, least, greatest T) error {
	if value < least || value > greatest {
		return setting.Refuse(field, value, "%v to %v", least, greatest)
	}
	return nil
}

var purposeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{0,64}$`)

func checkPurpose(purpose string) error {
	if !purposeForm.MatchString(purpose) {
		return setting.Refuse("Purpose", purpose, "at most 64 letters, digits, - and _")
	}
	return nil
}

// pathForm matches paths that mean the same to a browser and to Fiber's router.
var pathForm = regexp.MustCompile(`^/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*$`)

func (cfg Config) checkPath() error {
	if !pathForm.MatchString(cfg.Path) {
		return setting.Refuse("Path", cfg.Path, "names between slashes, of letters, digits and ._~-, as in %q", ConfigDefault.Path)
	}
	if cfg.Prefix != "" && !pathForm.MatchString(cfg.Prefix+"/") {
		return setting.Refuse("Prefix", cfg.Prefix, "names between slashes, of letters, digits and ._~-, as in \"/shop\"")
	}
	return nil
}

func (cfg Config) checkMaxBody() error {
	if cfg.MaxBody < 0 {
		return setting.Refuse("MaxBody", cfg.MaxBody, "1 byte or more, or 0 for the default")
	}
	return nil
}

func (cfg Config) checkSecrets() error {
	for i, secret := range cfg.Secrets {
		if n := utf8.RuneCountInString(secret); n < minSecret {
			return &setting.Error{
				Field:    fmt.Sprintf("Secrets[%d]", i),
				Accepted: fmt.Sprintf("at least %d characters from a random source; it has %d", minSecret, n),
			}
		}
	}
	return nil
}

// tagForm matches language tags by their form alone, because an app may make a language up.
var tagForm = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)

func (cfg Config) checkTexts() error {
	for tag := range cfg.Texts {
		if !tagForm.MatchString(tag) {
			return setting.Refuse("Texts", tag, "language tags (BCP 47), such as de or pt-BR")
		}
	}
	return nil
}

var fieldForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// constantFields are the fields of a reply that no setting renames, and sentFields those of a submission.
var (
	constantFields = []string{
		"image_type", "image_decode", "image_width", "image_height", "expires_in", "audio_type", "audio_url", "captcha_asks", "captcha_length",
	}
	sentFields = []string{workField, altchaField, receiptField, refreshField}
)

func (c Compat) checkFields() error {
	taken := slices.Clone(constantFields)
	var errs []error
	check := func(name, field string) {
		switch {
		case !fieldForm.MatchString(field):
			errs = append(errs, setting.Refuse("Compat."+name, field, "1 to 64 letters, digits, _, - and dots"))
		case slices.Contains(taken, field):
			errs = append(errs, setting.Refuse("Compat."+name, field, "a name that no other field has"))
		}
	}
	for i, field := range c.imageFields() {
		if c.ImageField != "" || i > 0 {
			check("ImageField", field)
		}
		taken = append(taken, field)
	}
	taken = append(taken, sentFields...)
	check("KeyField", c.KeyField)
	// The answer in a submission may have the name that the picture has in a reply, as in the original.
	taken = append(slices.Concat(constantFields, sentFields), c.KeyField)
	check("ValueField", c.ValueField)
	return errors.Join(errs...)
}

func (c Compat) checkNamespace() error {
	own := strings.NewReplacer("{key}", "", "{version}", "").Replace(c.Namespace)
	if strings.Count(c.Namespace, "{key}") != 1 || len(c.Namespace) > maxNamespace || own == "" {
		return setting.Refuse("Compat.Namespace", c.Namespace, "up to %d bytes with {key} once and a part of its own, as in %q",
			maxNamespace, ConfigDefault.Compat.Namespace)
	}
	return nil
}

// imageFields are the names under which the picture is sent. The documentation of django-rest-captcha has one and its
// code the other.
func (c Compat) imageFields() []string {
	if c.ImageField != "" {
		return []string{c.ImageField}
	}
	return []string{imageField, ConfigDefault.Compat.ValueField}
}
