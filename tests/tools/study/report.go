package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/fibercaptcha/fibercaptcha/tests/kit/measure"
)

// A reading is what one person typed for one picture; nothing when it could not be read.
type reading struct {
	Person, Style, Answer, Typed string
	Took                         time.Duration
}

func (r reading) right() bool { return r.Typed == r.Answer }

func (r reading) write(w io.Writer) error {
	c := csv.NewWriter(w)
	err := c.Write([]string{r.Person, r.Style, r.Answer, r.Typed, strconv.FormatInt(r.Took.Milliseconds(), 10)})
	c.Flush()
	return errors.Join(err, c.Error())
}

// load returns the readings of a file, none if it is not there yet.
func load(file string) (all []reading, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := csv.NewReader(f)
	c.FieldsPerRecord = 5
	rows, err := c.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i, row := range rows {
		took, err := strconv.ParseInt(row[4], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, i+1, err)
		}
		all = append(all, reading{row[0], row[1], row[2], row[3], time.Duration(took) * time.Millisecond})
	}
	return all, nil
}

// report prints how many pictures of each style were read correctly, the interval that holds the true rate, and the
// median time. It takes the readings of one person to be independent, so with few people the truth is less certain than
// the interval says.
func report(w io.Writer, all []reading) error {
	groups, people := map[string][]reading{}, map[string]bool{}
	for _, r := range all {
		groups[r.Style] = append(groups[r.Style], r)
		groups["all"] = append(groups["all"], r)
		people[r.Person] = true
	}
	names := make([]string, 0, len(groups))
	for name := range groups {
		if name != "all" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(all) > 0 {
		names = append(names, "all")
	}
	fmt.Fprintf(w, "%d readings by %d people\n", len(all), len(people))
	fmt.Fprintf(w, "%-10s %8s %8s %8s %18s %8s\n", "style", "pictures", "right", "rate", "95 % interval", "median")
	for _, name := range names {
		var right int
		var times []time.Duration
		for _, r := range groups[name] {
			if r.right() {
				right++
			}
			times = append(times, r.Took)
		}
		slices.Sort(times)
		n := len(times)
		low, high := measure.Wilson(right, n)
		fmt.Fprintf(w, "%-10s %8d %8d %6.1f %% %6.1f to %5.1f %% %6.1f s\n",
			name, n, right, 100*float64(right)/float64(n), 100*low, 100*high, times[n/2].Seconds())
	}
	_, err := fmt.Fprint(w, mistakes(all))
	return err
}

// mistakes lists the letters that were most often read as others, in answers of the right length: candidates to leave
// the alphabet.
func mistakes(all []reading) string {
	counts := map[string]int{}
	for _, r := range all {
		answer, typed := []rune(r.Answer), []rune(r.Typed)
		if len(answer) != len(typed) {
			continue
		}
		for i, letter := range answer {
			if typed[i] != letter {
				counts[fmt.Sprintf("%c read as %c", letter, typed[i])]++
			}
		}
	}
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	text := ""
	for _, name := range names[:min(len(names), 10)] {
		text += fmt.Sprintf("%s: %d\n", name, counts[name])
	}
	return text
}
