package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

func TestAPersonReadsThem(t *testing.T) {
	var file, printed bytes.Buffer
	s, err := newStudy(picture.Config{}, 10, 4, nil, &file, &printed)
	if err != nil {
		t.Fatal(err)
	}
	page := get(t, s)
	name := field(t, page, "person")
	for i := range 10 {
		for _, style := range picture.Styles() {
			if strings.Contains(strings.ToLower(page), `"`+style.String()) || strings.Contains(page, s.people[name].answer) {
				t.Fatalf("picture %d: the page tells what it hides", i+1)
			}
		}
		if got := field(t, page, "number"); got != fmt.Sprint(i+1) {
			t.Fatalf("picture %s, want %d", got, i+1)
		}
		mustShow(t, page)
		typed := strings.ToLower(s.people[name].answer[:2]) + " " + s.people[name].answer[2:]
		form := url.Values{"person": {name}, "number": {fmt.Sprint(i + 1)}, "typed": {typed}}
		if i == 3 {
			form.Set("unread", "yes")
		}
		post(t, s, form)
		page = post(t, s, form) // sent twice, counted once
	}
	if !strings.Contains(page, "You read 9 of 10 pictures") {
		t.Errorf("the end: %s", page)
	}
	if len(s.readings) != 10 || strings.Count(file.String(), "\n") != 10 {
		t.Errorf("%d readings, and %d lines in the file", len(s.readings), strings.Count(file.String(), "\n"))
	}
	perStyle := map[string]int{}
	for _, r := range s.readings {
		perStyle[r.Style]++
	}
	for style, n := range perStyle {
		if n != 2 {
			t.Errorf("%d pictures of %s, want 2", n, style)
		}
	}
	if !strings.Contains(printed.String(), "10 readings by 1 people") {
		t.Errorf("printed: %s", printed.String())
	}
}

func TestAStrangerBegins(t *testing.T) {
	s, err := newStudy(picture.Config{}, 1, 4, nil, &bytes.Buffer{}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader("person=unknown&number=1&typed=ABCD"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.routes().ServeHTTP(w, r)
	if w.Code != 303 || len(s.readings) > 0 {
		t.Errorf("status %d, %d readings", w.Code, len(s.readings))
	}
}

func TestTheFileIsReadBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "study.csv")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []reading{{"a", "hollow", "AB", "AB", time.Second}, {"a", "split", "AB", `",x`, 3 * time.Second}, {"b", "split", "AB", "", 2 * time.Second}}
	for _, r := range want {
		if err := r.write(f); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	got, err := load(file)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, %v", got, err)
	}
	if none, err := load(file + "-not-there"); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
}

func Example_report() {
	var all []reading
	for i := range 20 {
		one := reading{Person: "a", Style: "hollow", Answer: "K3RW", Typed: "K3RW", Took: 4 * time.Second}
		if i < 2 {
			one.Typed = "X3RW"
		}
		all = append(all, one, reading{Person: "b", Style: "relief", Answer: "K3RW", Typed: "K3RW", Took: 6 * time.Second})
	}
	report(os.Stdout, all)
	// Output:
	// 40 readings by 2 people
	// style      pictures    right     rate      95 % interval   median
	// hollow           20       18   90.0 %   69.9 to  97.2 %    4.0 s
	// relief           20       20  100.0 %   83.9 to 100.0 %    6.0 s
	// all              40       38   95.0 %   83.5 to  98.6 %    6.0 s
	// K read as X: 2
}

func get(t *testing.T, s *study) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Body.String()
}

func post(t *testing.T, s *study, form url.Values) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.routes().ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func field(t *testing.T, page, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no field %s: %s", name, page)
	}
	return found[1]
}

func mustShow(t *testing.T, page string) {
	t.Helper()
	found := regexp.MustCompile(`src="data:image/png;base64,([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no picture: %s", page)
	}
	data, err := base64.StdEncoding.DecodeString(strings.NewReplacer("&#43;", "+").Replace(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}
