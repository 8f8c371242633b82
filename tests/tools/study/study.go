package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"html/template"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// A study is what its page needs. People beyond the first thousand are turned away, so that it stays small.
type study struct {
	renderers map[picture.Style]*picture.Renderer
	styles    []picture.Style
	n, length int

	mutex    sync.Mutex
	people   map[string]*person
	readings []reading
	file     io.Writer // of readings
	printer  io.Writer // of rates
}

const mostPeople = 1000

// A person is somebody who reads: what is still to be read, in order, and what is being shown.
type person struct {
	order  []picture.Style
	done   int
	right  int
	answer string
	seed   [32]byte
	since  time.Time
}

func newStudy(config picture.Config, n, length int, known []reading, file, printer io.Writer) (*study, error) {
	s := &study{renderers: make(map[picture.Style]*picture.Renderer), n: n, length: length, people: make(map[string]*person),
		readings: known, file: file, printer: printer}
	if n < 1 {
		return nil, errors.New("-n must be 1 or more")
	}
	for _, style := range picture.Styles() {
		if style == picture.Classic || style == picture.Solid || style == picture.Striped || style == picture.TwoTone {
			continue // They are not drawn unless they are asked for.
		}
		config.Styles = []picture.Style{style}
		r, err := picture.New(config, picture.Alphabet, length)
		if err != nil {
			return nil, err
		}
		s.renderers[style] = r
		s.styles = append(s.styles, style)
	}
	return s, nil
}

func (s *study) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.begin)
	mux.HandleFunc("POST /{$}", s.read)
	return mux
}

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Parse(pageSource))

// A view is what the page shows: a picture, or the end.
type view struct {
	Person        string
	Number, Of    int
	Image         template.URL
	Width, Height int
	Length        int
	End           bool
	Right         int
}

func (s *study) begin(w http.ResponseWriter, _ *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.people) == mostPeople {
		http.Error(w, "The study already has enough people. Thank you for coming.", http.StatusServiceUnavailable)
		return
	}
	order := make([]picture.Style, s.n)
	for i := range order {
		order[i] = s.styles[i%len(s.styles)]
	}
	mathrand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	name := rand.Text()
	s.people[name] = &person{order: order}
	s.show(w, name)
}

// read takes what a person typed. A picture counts once: a form that is sent again gets the one that is due.
func (s *study) read(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	name, typed := r.PostFormValue("person"), strings.ToUpper(strings.Join(strings.Fields(r.PostFormValue("typed")), ""))
	if r.PostFormValue("unread") != "" {
		typed = ""
	}
	number, _ := strconv.Atoi(r.PostFormValue("number")) // 0, which no picture has, if it is none
	s.mutex.Lock()
	defer s.mutex.Unlock()
	p := s.people[name]
	if p == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if number == p.done+1 && p.done < len(p.order) {
		if err := s.take(p, name, typed); err != nil {
			http.Error(w, "Sorry, your answer could not be saved. Please tell the person who asked you to take part.", http.StatusInternalServerError)
			return
		}
	}
	s.show(w, name)
}

// longestTyped bounds how much of an answer is kept.
const longestTyped = 32

func (s *study) take(p *person, name, typed string) error {
	typed = string([]rune(typed)[:min(len([]rune(typed)), longestTyped)])
	one := reading{Person: name, Style: p.order[p.done].String(), Answer: p.answer, Typed: typed, Took: time.Since(p.since)}
	if err := one.write(s.file); err != nil {
		return err
	}
	s.readings = append(s.readings, one)
	if one.right() {
		p.right++
	}
	p.done++
	p.answer = ""
	if p.done == len(p.order) {
		return report(s.printer, s.readings)
	}
	return nil
}

// show draws the picture that is due. Asked for again, it is the same one.
func (s *study) show(w http.ResponseWriter, name string) {
	p := s.people[name]
	v := view{Person: name, Number: p.done + 1, Of: len(p.order), Length: s.length, Right: p.right, End: p.done == len(p.order)}
	if !v.End {
		if p.answer == "" {
			p.answer, p.since = randomText(s.length), time.Now()
			rand.Read(p.seed[:])
		}
		r := s.renderers[p.order[p.done]]
		v.Width, v.Height = r.Size(p.answer)
		v.Image = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(r.Append(nil, p.answer, p.seed)))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := page.Execute(w, v); err != nil {
		fmt.Fprintln(s.printer, "a page could not be sent:", err)
	}
}

func randomText(n int) string {
	var seed [32]byte
	rand.Read(seed[:])
	random := mathrand.New(mathrand.NewPCG(binary.LittleEndian.Uint64(seed[:]), binary.LittleEndian.Uint64(seed[8:])))
	text := make([]byte, n)
	for i := range text {
		text[i] = picture.Alphabet[random.IntN(len(picture.Alphabet))]
	}
	return string(text)
}

func (s *study) all() []reading {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.readings
}
