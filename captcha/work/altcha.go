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

// AltchaLength is how many characters of base64 a submission of ALTCHA's widget has at most. One of ours has some 900.
const AltchaLength = 4096

// altchaSigned is ALTCHA's form of a challenge, in version 2 of its protocol.
//
// Version 1 knows only plain hashes. The same challenge would be met by either, so that serving it would make the
// cheaper one the price of both.
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
// Challenge returns it, with the challenge's key and the moment when it expires, signed. The widget submits all of it.
//
// Further members stand beside the parameters. Of these the widget knows "codeChallenge", a picture and a sound to be
// shown after the work, and "configuration".
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

// ReadAltcha reads what ALTCHA's widget submitted. It is not ok where that can't be read, or is longer than
// [AltchaLength].
//
// The key names the challenge. Once its seed and level are known, open tells whether the parameters are unaltered,
// every member of them, at the price of a keyed hash; those of other challenges are not. Then it returns the solution
// for Check, which is empty where counter or key can't be right.
//
// So altered parameters need not spend a challenge, and a wrong solution, of which nobody is told before, does.
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
	// What is signed is what is read below: one spelling, in which no member is twice.
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
