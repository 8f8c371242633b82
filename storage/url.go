package storage

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const accepted = "accepted: memory://[?entries=N&bytes=N]; redis://[[user]:password@]host[:port][/database]; the same " +
	"with rediss://, valkey:// or valkeys://; or unix://[[user]:password@]/path. All but memory:// take " +
	"[pool_size=N][&confirm=N][&db=N]. A cluster takes cluster=true, or addr=host:port for each further node. Sentinels " +
	"take master_name=NAME[&addr=host:port][&sentinel_username=U&sentinel_password=P]. In a password, percent-encode " +
	"signs such as @ / # ? &"

var schemes = []string{"memory", "redis", "rediss", "valkey", "valkeys", "unix"}

// parse reads a storage URL. If a URL can't be read, the error repeats no part of it, not even net/url's own message: a
// password with a sign that should have been encoded can end up in any part.
func parse(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case !strings.Contains(rawURL, "://") && (err != nil || !slices.Contains(schemes, u.Scheme)):
		return nil, errors.New("storage URL has no scheme: for a Redis at localhost:6379 write redis://localhost:6379, and for memory write memory://; " + accepted)
	case err != nil:
		return nil, errors.New("storage URL can't be parsed; " + accepted)
	case strings.Contains(u.Host+u.Path+u.RawQuery+u.Fragment, "@"):
		return nil, errors.New("storage URL has an @ in the wrong place; " + accepted)
	}
	switch u.Scheme {
	case "memory":
		err = checkMemoryURL(u)
	case "redis", "rediss", "valkey", "valkeys", "unix":
		_, err = parseRedis(u)
	default:
		err = fmt.Errorf("scheme %q is unknown", u.Scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("storage URL: %w; %s", err, accepted)
	}
	return u, nil
}

func checkMemoryURL(u *url.URL) error {
	if u.Opaque != "" || u.Host != "" || u.User != nil || u.Path != "" || u.Fragment != "" {
		return errors.New("nothing but a query may follow memory://")
	}
	return checkQuery(u, "entries", "bytes")
}

// checkQuery refuses every parameter that is not in names, and every value that is not a single positive number.
func checkQuery(u *url.URL, names ...string) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("the query can't be parsed")
	}
	for _, name := range names {
		values, given := query[name]
		delete(query, name)
		if !given {
			continue
		}
		if number, err := strconv.Atoi(values[0]); err != nil || number < 1 || len(values) > 1 {
			return fmt.Errorf("%s=%s is not a single whole number of 1 or more", name, strings.Join(values, ","))
		}
	}
	for name := range query {
		return fmt.Errorf("parameter %q is unknown", name)
	}
	return nil
}

// number returns the value of a checked parameter, or 0 if it is not there.
func number(u *url.URL, name string) int {
	n, _ := strconv.Atoi(u.Query().Get(name))
	return n
}
