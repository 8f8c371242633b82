package settings

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Stranger is a variable that looks as if it were meant for this program, and is none of its settings.
type Stranger struct {
	Name  string
	Meant string // the setting that it is nearest to; "" where none is near
}

// Unknown returns the variables of an environment that are no settings and are named like the captcha's, or nearly as a
// setting is, as one with a typing error is.
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

// shortName is a name in which two errors make another word: with two, HOME would be near to ADDR.
const shortName = 8

// nearest returns the known name that a name with one or two typing errors was meant to be, or "". Letter case is none.
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

// errorsBetween is how many letters were left out, added, mistaken or swapped with their neighbour between two names:
// their optimal string alignment distance.
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
