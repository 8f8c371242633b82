// Solve does the work of a challenge and prints the two fields that a submission needs, so that
//
//	curl -d "name=Ada&email=ada@example.org&message=Hello" -d "$(go run ./tests/tools/solve)" \
//	  http://localhost:3000/api/contact
//
// sends a message. A program can do that if the site accepts work. Solve asks for a challenge and for its work, and
// searches on one core.
package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// challenge is what the server sends, as far as it matters here. Texts are hexadecimal.
type challenge struct {
	Nonce, Salt, KeyPrefix, Seal string
	Cost, KeyLength, Range       int
}

// solve returns the text that is submitted as captcha_work, and how many keys were derived.
func (c challenge) solve() (solution string, tries int, err error) {
	nonce, err1 := hex.DecodeString(c.Nonce)
	salt, err2 := hex.DecodeString(c.Salt)
	if err := errors.Join(err1, err2); err != nil {
		return "", 0, err
	}
	for n := range c.Range {
		password := string(binary.BigEndian.AppendUint32(nonce, uint32(n)))
		key, err := pbkdf2.Key(sha256.New, password, salt, c.Cost, c.KeyLength)
		if err != nil {
			return "", n, err
		}
		if rest, found := strings.CutPrefix(hex.EncodeToString(key), c.KeyPrefix); found {
			return rest + c.Seal, n + 1, nil
		}
	}
	return "", c.Range, errors.New("no counter solves the challenge")
}

func main() {
	address := flag.String("url", "http://localhost:3000/api/captcha/", "address to ask for a challenge, with its final slash")
	keyField := flag.String("key", "captcha_key", "name of the key's field in the reply and in the submission")
	flag.Parse()
	fields, report, err := run(*address, *keyField)
	if err != nil {
		fmt.Fprintln(os.Stderr, "solve:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, report)
	fmt.Println(fields)
}

func run(address, keyField string) (fields, report string, err error) {
	client := &http.Client{Timeout: 30 * time.Second}
	var made map[string]string
	if err := read(&made)(client.Post(address, "", nil)); err != nil {
		return "", "", fmt.Errorf("%s: %w", address, err)
	}
	var c challenge
	set := address + made[keyField] + "/work"
	if err := read(&c)(client.Get(set)); err != nil {
		return "", "", fmt.Errorf("%s: %w", set, err)
	}
	start := time.Now()
	solution, tries, err := c.solve()
	if err != nil {
		return "", "", err
	}
	report = fmt.Sprintf("%d keys of %d iterations in %.2f s", tries, c.Cost, time.Since(start).Seconds())
	return url.Values{keyField: {made[keyField]}, "captcha_work": {solution}}.Encode(), report, nil
}

// read returns a function that decodes a reply's JSON.
func read(into any) func(*http.Response, error) error {
	return func(reply *http.Response, err error) error {
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			return errors.New(reply.Status)
		}
		return json.NewDecoder(io.LimitReader(reply.Body, 1<<20)).Decode(into)
	}
}
