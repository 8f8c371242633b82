package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// measure prints what each preparation lets tesseract read of a new set of pictures. It prints the best preparation for
// all styles together, and the best for each style, which an attacker who tells styles apart would choose.
func measure(styles []picture.Style, o options) error {
	set, err := drawSet(styles, o)
	if err != nil {
		return err
	}
	images := make([]*image.Gray, len(set))
	for i, s := range set {
		img, err := png.Decode(bytes.NewReader(s.png))
		if err != nil {
			return err
		}
		images[i] = darkOnLight(gray(img))
	}
	best := map[string][2]score{} // by whole answers, and by letters
	for _, p := range preparations() {
		if !strings.Contains(p.String(), o.preparation) {
			continue
		}
		read, err := p.read(images)
		if err != nil {
			return err
		}
		scores := judge(p.String(), set, read)
		fmt.Printf("  %-34s %5.1f %% of answers  %5.1f %% of letters\n", p, scores[allStyles].wholeRate(), scores[allStyles].letterRate())
		for name, s := range scores {
			b := best[name]
			if s.whole > b[0].whole || b[0].pictures == 0 {
				b[0] = s
			}
			if s.letters > b[1].letters || b[1].pictures == 0 {
				b[1] = s
			}
			best[name] = b
		}
	}
	for _, name := range slices.Sorted(maps.Keys(best)) {
		b := best[name]
		fmt.Printf("%-9s best for %4d pictures: %4.1f %% of answers (%s), %4.1f %% of letters (%s)\n",
			name, b[0].pictures, b[0].wholeRate(), b[0].name, b[1].letterRate(), b[1].name)
	}
	return nil
}

// allStyles stands for them together, and comes first.
const allStyles = "all"

// read prepares the images and hands them all to tesseract.
func (p preparation) read(images []*image.Gray) ([]string, error) {
	folder, err := os.MkdirTemp("", "strength")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	files := make([]string, len(images))
	for i, img := range images {
		var b bytes.Buffer
		if err := png.Encode(&b, p.prepare(img)); err != nil {
			return nil, err
		}
		files[i] = filepath.Join(folder, fmt.Sprintf("%d.png", i))
		if err := os.WriteFile(files[i], b.Bytes(), 0o600); err != nil {
			return nil, err
		}
	}
	return recognise(files, p.mode)
}

// recognise runs tesseract once over many files, because starting it takes many times as long as a picture does. Some
// pictures make it crash: those are found by halves, and count as not read.
func recognise(files []string, mode string) ([]string, error) {
	list := filepath.Join(filepath.Dir(files[0]), "list.txt")
	if err := os.WriteFile(list, []byte(strings.Join(files, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command("tesseract", list, "stdout", "--psm", mode, "--dpi", "150", "-c", "tessedit_char_whitelist="+picture.Alphabet, "tsv")
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	out, err := cmd.Output()
	var crash *exec.ExitError
	switch {
	case err == nil:
		return pages(string(out), len(files))
	case !errors.As(err, &crash) || crash.Exited():
		return nil, fmt.Errorf("tesseract: %w: %s", err, out)
	case len(files) == 1:
		return []string{""}, nil
	}
	half := len(files) / 2
	first, err := recognise(files[:half], mode)
	if err != nil {
		return nil, err
	}
	second, err := recognise(files[half:], mode)
	return append(first, second...), err
}

// pages joins the words of each page in tesseract's table, whose columns are the level, the page, ..., and last the text.
func pages(table string, n int) ([]string, error) {
	read := make([]string, n)
	last := 0
	for _, line := range strings.Split(table, "\n")[1:] {
		columns := strings.Split(line, "\t")
		if len(columns) < 12 {
			continue
		}
		page, err := strconv.Atoi(columns[1])
		if err != nil || page < 1 || page > n {
			return nil, fmt.Errorf("tesseract's table has %q", line)
		}
		last = page
		read[page-1] += strings.ToUpper(strings.TrimSpace(columns[11]))
	}
	if last != n {
		return nil, fmt.Errorf("tesseract read %d pages of %d", last, n)
	}
	return read, nil
}

// A score is the result of one preparation.
type score struct {
	name            string
	pictures, whole int
	all, letters    int
}

func (s score) wholeRate() float64  { return 100 * float64(s.whole) / float64(max(s.pictures, 1)) }
func (s score) letterRate() float64 { return 100 * float64(s.letters) / float64(max(s.all, 1)) }

// judge scores what was read, by style and together.
func judge(preparation string, set []sample, read []string) map[string]score {
	scores := map[string]score{}
	for i, sample := range set {
		for _, name := range []string{allStyles, sample.style.String()} {
			s := scores[name]
			s.name = preparation
			s.pictures++
			if read[i] == sample.answer {
				s.whole++
			}
			s.all += len(sample.answer)
			s.letters += common(read[i], sample.answer)
			scores[name] = s
		}
	}
	return scores
}

// common is the length of the longest common subsequence: the letters read right, in their order.
func common(a, b string) int {
	row := make([]int, len(b)+1)
	for i := range a {
		before := 0
		for j := range b {
			above := row[j+1]
			if a[i] == b[j] {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			before = above
		}
	}
	return row[len(b)]
}
