package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A site is a running demo.
type site struct {
	url, language string
	client        *http.Client
}

// attack asks for count challenges one after another, hears each, and sends what it heard as the answer of a message. It
// tells how many messages were taken, and how many requests were refused by a limit.
func (s site) attack(hear solver, count int) (taken, limited int, err error) {
	for range count {
		var challenge struct {
			Key string `json:"captcha_key"`
		}
		status, body, err := s.do("POST", "/api/captcha/", nil)
		if err != nil {
			return taken, limited, err
		}
		if status == http.StatusTooManyRequests {
			limited++
			continue
		}
		if err := json.Unmarshal(body, &challenge); err != nil {
			return taken, limited, fmt.Errorf("a challenge came with status %d: %w", status, err)
		}
		status, wav, err := s.do("GET", "/api/captcha/"+challenge.Key+"/audio.wav", nil)
		if err != nil {
			return taken, limited, err
		}
		if status == http.StatusTooManyRequests {
			limited++
			continue
		}
		guess, err := hear.solve(decode(wav))
		if err != nil {
			return taken, limited, err
		}
		status, body, err = s.do("POST", "/api/contact", map[string]string{
			"name": "Someone", "email": "someone@example.org", "message": "What a machine heard.",
			"captcha_key": challenge.Key, "captcha_value": guess,
		})
		switch {
		case err != nil:
			return taken, limited, err
		case status == http.StatusTooManyRequests:
			limited++
		case status/100 == 2:
			taken++
		case !strings.Contains(string(body), "Invalid captcha value"):
			return taken, limited, fmt.Errorf("a message was answered with status %d: %s", status, body)
		}
	}
	return taken, limited, nil
}

func (s site) do(method, path string, message any) (status int, body []byte, err error) {
	sent, err := json.Marshal(message)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequest(method, strings.TrimSuffix(s.url, "/")+path, bytes.NewReader(sent))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Language", s.language)
	reply, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	body, err = io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	return reply.StatusCode, body, err
}

func newSite(url, language string) site {
	return site{url, language, &http.Client{Timeout: 10 * time.Second}}
}
