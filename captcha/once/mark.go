package once

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

// A mark is where a form's answer is kept. Its name follows from the captcha's key, so that there is at most one for
// each key that was issued. Its value begins with a keyed hash of the form's content, and ends with the encrypted
// answer:
//
//	content  16
//	nonce    12  from here on, once it is answered
//	answer       JSON
//	tag      16
//
// Both the hash and the cipher's key are made with the sending's secret, so that nobody who reads the storage can try
// out guesses at the content, which may be a password.
type mark struct {
	name    string
	content [16]byte
	cipher  cipher.AEAD
}

func newMark(sending captcha.Sending, r *fasthttp.RequestCtx) (m mark, err error) {
	content := hmac.New(sha256.New, sending.Secret[:])
	for _, part := range [][]byte{r.Method(), r.RequestURI()} {
		writePart(content, part)
	}
	if err := writeBody(content, &r.Request); err != nil {
		return mark{}, err
	}
	sum := content.Sum(nil)
	derive := func(use string) []byte {
		derived := hmac.New(sha256.New, sum)
		derived.Write([]byte(use))
		return derived.Sum(nil)
	}
	copy(m.content[:], derive("content"))
	block, err := aes.NewCipher(derive("answer"))
	if err != nil {
		return mark{}, err
	}
	m.cipher, err = cipher.NewGCMWithRandomNonce(block)
	name := sha256.Sum256([]byte("once " + sending.Key))
	m.name = "once_" + base64.RawURLEncoding.EncodeToString(name[:15])
	return m, err
}

func writePart(to hash.Hash, part []byte) {
	to.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
	to.Write(part)
}

// writeBody writes what the visitor has filled in. A multipart body differs from sending to sending in its boundary.
func writeBody(to hash.Hash, r *fasthttp.Request) error {
	media, _, _ := mime.ParseMediaType(string(r.Header.ContentType()))
	writePart(to, []byte(media))
	if media != "multipart/form-data" {
		writePart(to, r.Body())
		return nil
	}
	form, err := r.MultipartForm()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(form.Value)) {
		for _, text := range form.Value[name] {
			writePart(to, []byte("value "+name))
			writePart(to, []byte(text))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(form.File)) {
		for _, file := range form.File[name] {
			writePart(to, []byte("file "+name))
			if err := writeFile(to, file); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeFile(to hash.Hash, header *multipart.FileHeader) error {
	writePart(to, []byte(header.Filename))
	writePart(to, binary.BigEndian.AppendUint64(nil, uint64(header.Size)))
	file, err := header.Open()
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}

// pending returns the value of a form that is being handled.
func (m mark) pending() []byte { return m.content[:] }

// own reports whether a value belongs to a form with this content.
func (m mark) own(value []byte) bool {
	return len(value) >= len(m.content) && subtle.ConstantTimeCompare(value[:len(m.content)], m.content[:]) == 1
}

// seal returns the value of a form that was answered.
func (m mark) seal(a answer) []byte {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // never for numbers and texts
	}
	return m.cipher.Seal(bytes.Clone(m.content[:]), nil, text, m.content[:])
}

// open returns the answer in this form's value, or nil if there is none yet.
func (m mark) open(value []byte) (*answer, error) {
	if len(value) <= len(m.content) {
		return nil, nil
	}
	text, err := m.cipher.Open(nil, nil, value[len(m.content):], m.content[:])
	if err != nil {
		return nil, err
	}
	var a answer
	return &a, json.Unmarshal(text, &a)
}
