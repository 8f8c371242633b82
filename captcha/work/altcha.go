package work

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// AltchaLength is the most characters of base64 that a submission of ALTCHA's widget may have. One with this package's
// work has about 900.
const AltchaLength = 4096

// altchaSigned is ALTCHA's form of a challenge, in version 2 of its protocol.
//
// Version 1 knows only plain hashes. If both versions were served, either would meet a challenge, and the cheaper one
// would set the price of both.
type altchaSigned struct {
	Parameters json.RawMessage `json:"parameters"`
	Signature  string          `json:"signature"`
}

// altchaPayload is what ALTCHA's widget submits.
type altchaPayload struct {
	Challenge altchaSigned `json:"challenge"`
	Solution  struct {
		Counter    uint32 `json:"counter"`
		DerivedKey string `json:"derivedKey"`
	} `json:"solution"`
}

// Altcha returns the JSON that ALTCHA's widget asks for: the work that belongs to a challenge's seed and level, as
// Challenge returns it, with the challenge's key and the moment when the challenge expires. All of this is signed, and
// the widget submits all of it.
//
// The members of beside are added beside the parameters. Two of them mean something to the widget: "codeChallenge", a
// picture and a sound to be shown after the work, and "configuration".
func (w *Work) Altcha(ctx context.Context, seed [32]byte, level uint8, key string, expires time.Time,
	beside map[string]any,
) ([]byte, error) {
	s := newSecrets(seed, level)
	c, err := w.challenge(ctx, s, level)
	if err != nil {
		return nil, err
	}
	c.Data = map[string]string{"key": key}
	c.ExpiresAt = expires.Unix()
	parameters, err := json.Marshal(c)
	if err == nil {
		parameters, err = canonical(parameters)
	}
	if err != nil {
		return nil, fmt.Errorf("work: %w", err)
	}
	all := map[string]any{"parameters": json.RawMessage(parameters), "signature": s.sign(parameters)}
	for name, value := range beside {
		if _, ours := all[name]; !ours {
			all[name] = value
		}
	}
	return json.Marshal(all)
}

// ReadAltcha reads what ALTCHA's widget submitted. ok is false if that can't be read, or is longer than [AltchaLength].
//
// The key names the challenge. Called with the challenge's seed and level, open reports whether all parameters are
// unaltered and belong to this challenge; that costs a keyed hash. If they are, it returns the solution for Check,
// which is empty if the counter or the derived key can't be right.
//
// So altered parameters need not spend a challenge. A wrong solution does spend it, and nobody can find out beforehand
// that it is wrong.
func (w *Work) ReadAltcha(field string) (
	key string, open func(seed [32]byte, level uint8) (solution string, ok bool), ok bool,
) {
	if len(field) > AltchaLength {
		return "", nil, false
	}
	text, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		return "", nil, false
	}
	var p altchaPayload
	if json.Unmarshal(text, &p) != nil {
		return "", nil, false
	}
	// What is signed is what is read below: JSON in one spelling, with no member twice.
	parameters, err := canonical(p.Challenge.Parameters)
	var c Challenge
	if err != nil || json.Unmarshal(parameters, &c) != nil || c.Data["key"] == "" {
		return "", nil, false
	}
	return c.Data["key"], func(seed [32]byte, level uint8) (string, bool) {
		s := newSecrets(seed, level)
		if !hmac.Equal([]byte(p.Challenge.Signature), []byte(s.sign(parameters))) {
			return "", false
		}
		derived := p.Solution.DerivedKey
		if len(derived) != 2*keySize || derived[:2*halfSize] != c.KeyPrefix {
			return "", true
		}
		if p.Solution.Counter != s.counter(c.Range) {
			return "", true
		}
		return derived[2*halfSize:] + c.Seal, true
	}, true
}

// canonical returns JSON without white space and with the members of every object in the order of their names, which is
// the form that ALTCHA signs.
func canonical(text []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
