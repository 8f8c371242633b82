package storage

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// address is what a URL says of a Redis.
type address struct {
	redis.UniversalOptions
	tls     bool
	confirm int
}

const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// parseRedis reads the URL of a Redis in go-redis's forms. go-redis itself doesn't read it, for three reasons: its
// errors could hold a password; its parsers know neither valkey:// nor whose the password in a sentinel's URL is; and
// it accepts settings, such as retries, that would break what this package promises.
func parseRedis(u *url.URL) (a address, err error) {
	q, err := readQuery(u.RawQuery)
	if err != nil {
		return a, err
	}
	a.tls = u.Scheme == "rediss" || u.Scheme == "valkeys"
	a.Username = u.User.Username()
	a.Password, _ = u.User.Password()
	a.MasterName = q.text("master_name")
	a.SentinelUsername, a.SentinelPassword = q.text("sentinel_username"), q.text("sentinel_password")
	a.PoolSize, a.confirm = q.number("pool_size", 1), q.number("confirm", 1)
	more := q.take("addr")
	cluster := q.text("cluster")
	a.IsClusterMode = cluster == "true" || a.MasterName == "" && len(more) > 0
	database := q.text("db")
	if u.Scheme == "unix" {
		a.Addrs = []string{u.Path}
	} else {
		port := redisPort
		if a.MasterName != "" {
			port = sentinelPort
		}
		a.Addrs = append([]string{withPort(u.Host, port)}, more...)
		if path := strings.TrimPrefix(u.Path, "/"); path != "" {
			if database != "" {
				return a, errors.New("the database is given twice")
			}
			database = path
		}
	}
	if database != "" {
		if a.DB, err = strconv.Atoi(database); err != nil || a.DB < 0 {
			return a, fmt.Errorf("database %s is not a whole number of 0 or more", q.shown(strconv.Quote(database)))
		}
	}
	switch {
	case q.err != nil:
		return a, q.err
	case len(q.values) > 0:
		return a, q.unknown()
	case u.Scheme == "unix" && (u.Opaque != "" || u.Host != "" || u.Path == "" || len(more) > 0 || cluster != "" || a.MasterName != ""):
		return a, errors.New("unix:// takes the path of a single server's socket, as in unix:///run/redis.sock")
	case u.Scheme != "unix" && u.Hostname() == "":
		return a, errors.New("the host is missing")
	case u.Fragment != "":
		return a, errors.New("a # is not accepted")
	case cluster != "" && cluster != "true":
		return a, errors.New("cluster takes only the value true")
	case cluster != "" && a.MasterName != "":
		return a, errors.New("a cluster has no sentinels: give either master_name or cluster")
	case a.MasterName == "" && a.SentinelUsername+a.SentinelPassword != "":
		return a, errors.New("sentinel_username and sentinel_password need master_name")
	case a.IsClusterMode && a.DB != 0:
		return a, errors.New("a cluster has only database 0")
	}
	for _, address := range more {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			return a, fmt.Errorf("addr=%s is not host:port", q.shown(address))
		}
	}
	return a, nil
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// name is what messages call this Redis, without a password.
func (a address) name() string {
	at := strings.Join(a.Addrs, ", ")
	switch {
	case a.MasterName != "":
		return fmt.Sprintf("redis master %q of the sentinels at %s", a.MasterName, at)
	case a.IsClusterMode:
		return "redis cluster at " + at
	}
	return "redis at " + at
}

// query is what is still to be read of a URL's query.
type query struct {
	values url.Values
	secret bool // it holds a password; a sign in that may have split it, so that its rest looks like another name or value
	err    error
}

func readQuery(raw string) (*query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errors.New("the query can't be parsed")
	}
	return &query{values: values, secret: strings.Contains(raw, "password")}, nil
}

func (q *query) take(name string) []string {
	values := q.values[name]
	delete(q.values, name)
	return values
}

// text returns the one value of a parameter, or "" if it is not given.
func (q *query) text(name string) string {
	values, given := q.values[name]
	delete(q.values, name)
	switch {
	case !given:
		return ""
	case len(values) > 1 || values[0] == "":
		q.err = fmt.Errorf("%s needs one value", name)
	}
	return values[0]
}

// number returns a parameter, or 0 if it is not given.
func (q *query) number(name string, least int) int {
	values := q.take(name)
	if values == nil {
		return 0
	}
	n, err := strconv.Atoi(values[0])
	if err != nil || n < least || len(values) > 1 {
		q.err = fmt.Errorf("%s=%s is not a single whole number of %d or more", name, q.shown(strings.Join(values, ",")), least)
	}
	return n
}

func (q *query) unknown() error {
	for name := range q.values {
		return fmt.Errorf("parameter %s is unknown", q.shown(strconv.Quote(name)))
	}
	return nil
}

func (q *query) shown(what string) string {
	if q.secret {
		return "(not shown, because it may be a part of a password)"
	}
	return what
}
