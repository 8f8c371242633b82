package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/work"
)

func TestSolved(t *testing.T) {
	w, seed := work.New(work.Config{Cost: 500, Range: 100}), [32]byte{1}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/captcha/", func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, `{"captcha_key": "the-key", "captcha_image": ""}`)
	})
	mux.HandleFunc("GET /api/captcha/the-key/work", func(out http.ResponseWriter, in *http.Request) {
		text, err := w.Challenge(in.Context(), seed, 0)
		if err != nil {
			t.Error(err)
		}
		out.Write(text)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	text, _, err := run(server.URL+"/api/captcha/", "captcha_key")
	if err != nil {
		t.Fatal(err)
	}
	fields, err := url.ParseQuery(text)
	if err != nil || fields.Get("captcha_key") != "the-key" || !w.Check(seed, 0, fields.Get("captcha_work")) {
		t.Errorf("it prints %s, %v", text, err)
	}
	if _, _, err := run(server.URL+"/nowhere/", "captcha_key"); err == nil {
		t.Error("a server that has no challenges is no error")
	}
}
