package settings

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Stranger is a variable that looks as if it were meant for this program, but is not one of its settings.
type Stranger struct {
	Name  string
	Meant string // the setting with the most similar name; "" if none is similar
}

// Unknown returns the variables of an environment that are not settings, although they are named like the captcha's or,
// as after a typing error, almost like a setting.
func Unknown(environ []string) (strangers []Stranger) {
	known := names()
	for _, name := range slices.Sorted(maps.Keys(env.ToMap(environ))) {
		if slices.Contains(known, name) {
			continue
		}
		meant := nearest(name, known)
		if meant != "" || strings.HasPrefix(name, "CAPTCHA_") {
			strangers = append(strangers, Stranger{name, meant})
		}
	}
	return strangers
}

// names are the variables that are read.
func names() (known []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		if name := field.Tag.Get("env"); name != "" {
			known = append(known, name)
		}
	}
	for _, name := range inFiles {
		known = append(known, name+"_FILE")
	}
	slices.Sort(known)
	return known
}

// shortName is the length of names in which two typing errors make another word: with two errors, HOME would be close
// to ADDR.
const shortName = 8

// nearest returns the known name from which a name differs by one or two typing errors, or "" if there is none. Upper
// or lower case is not an error.
func nearest(name string, known []string) (meant string) {
	least := 3
	for _, candidate := range known {
		most := 2
		if len(candidate) < shortName {
			most = 1
		}
		if n := errorsBetween(strings.ToUpper(name), candidate); n <= most && n < least {
			meant, least = candidate, n
		}
	}
	return meant
}

// errorsBetween returns how many letters one has to leave out, add, replace or swap with their neighbour to turn one
// name into the other: the names' optimal string alignment distance.
func errorsBetween(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			mistaken := 1
			if a[i-1] == b[j-1] {
				mistaken = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+mistaken)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
