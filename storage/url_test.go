package storage_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/storage"
)

func TestOpenRefusesURL(t *testing.T) {
	tests := []struct{ url, says string }{
		{"", "has no scheme"},
		{"memory", "has no scheme"},
		{"localhost:6379", "has no scheme: for a Redis at localhost:6379 write redis://localhost:6379"},
		{"127.0.0.1:6379", "has no scheme"},
		{"redis.internal", "has no scheme"},
		{"postgres://host/db", `scheme "postgres" is unknown`},
		{"memory://host", "nothing but a query may follow memory://"},
		{"memory:///path", "nothing but a query may follow memory://"},
		{"memory://?entries=0", "entries=0 is not a single whole number of 1 or more"},
		{"memory://?entries=many", "entries=many is not a single whole number of 1 or more"},
		{"memory://?bytes=-1", "bytes=-1 is not a single whole number of 1 or more"},
		{"memory://?bytes=1.5", "bytes=1.5 is not a single whole number of 1 or more"},
		{"memory://?bytes=1&bytes=2", "bytes=1,2 is not a single whole number of 1 or more"},
		{"memory://?size=1", `parameter "size" is unknown`},
		{"memory://?entries=%zz", "the query can't be parsed"},
		{"redis:host", "the host is missing"},
		{"redis://", "the host is missing"},
		{"redis://:6379/0", "the host is missing"},
		{"redis://host/one", `database "one" is not a whole number of 0 or more`},
		{"redis://host/-1", `database "-1" is not a whole number of 0 or more`},
		{"redis://host/1/2", `database "1/2" is not a whole number of 0 or more`},
		{"redis://host?max_retries=3", `parameter "max_retries" is unknown`},
		{"redis://host?pool_size=0", "pool_size=0 is not a single whole number of 1 or more"},
		{"redis://host#1", "a # is not accepted"},
		{"redis://host:port", "can't be parsed"},
		{"rediss://", "the host is missing"},
		{"redis://host?confirm=0", "confirm=0 is not a single whole number of 1 or more"},
		{"redis://host?addr=other", "addr=other is not host:port"},
		{"redis://host?addr=", "addr= is not host:port"},
		{"redis://host/1?db=2", "the database is given twice"},
		{"redis://host/1?cluster=true", "a cluster has only database 0"},
		{"redis://host/1?addr=other:1", "a cluster has only database 0"},
		{"redis://host?cluster=yes", "cluster takes only the value true"},
		{"redis://host?cluster=true&master_name=m", "a cluster has no sentinels"},
		{"redis://host?master_name=", "master_name needs one value"},
		{"redis://host?master_name=a&master_name=b", "master_name needs one value"},
		{"redis://host?sentinel_password=x", "sentinel_username and sentinel_password need master_name"},
		{"redis://host?username=x", `parameter "username" is unknown`},
		{"unix://host/path", "unix:// takes the path of a single server's socket"},
		{"unix://", "unix:// takes the path of a single server's socket"},
		{"unix:///path?addr=a:1", "unix:// takes the path of a single server's socket"},
		{"valkey://", "the host is missing"},
	}
	for _, test := range tests {
		s, err := storage.Open(t.Context(), test.url)
		if s != nil || err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "memory://[?entries=N") {
			t.Errorf("Open(%q) = %v, %v; want an error with %q and what is accepted", test.url, s, err, test.says)
		}
	}
}

// A password can hold any sign, and one that should have been encoded moves the rest of it to another part of the URL.
func TestOpenNeverRepeatsPassword(t *testing.T) {
	for _, url := range []string{
		"redis://:hun%ter2@host:6379/0",
		"redis://:hun/ter2@host:6379/0",
		"redis://:hun?ter2@host:6379/0",
		"redis://:hun#ter2@host:6379/0",
		"redis://user:hun@ter2@host:6379/x",
		"redis://user:hunter2@host:6379/x",
		"redis://user:hunter2@host:6379/0?unknown=1",
		"redis://hunter2@/0",
		"redis://user:hun ter2@host:port",
		"other://user:hunter2@host",
		"redis:user:hunter2@host",
		"memory://user:hunter2@",
		"redis://user:12/hunter2@host",
		"redis://user:12?hunter2@host",
		"redis://host?master_name=m&sentinel_password=hunter2&sentinel_password=x",
		"redis://host?master_name=m&sentinel_password=x&hunter2",
		"redis://host?master_name=m&sentinel_password=x&addr=hunter2",
		"redis://host?master_name=m&sentinel_password=x&pool_size=hunter2",
		"redis://host?master_name=m&sentinel_password=x#hunter2",
		"redis://host/hunter2?master_name=m&sentinel_password=x",
	} {
		_, err := storage.Open(t.Context(), url)
		if err == nil {
			t.Errorf("Open(%q) succeeded", url)
			continue
		}
		for _, part := range []string{"hun", "ter2"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("Open(%q) repeats %q: %v", url, part, err)
			}
		}
	}
}

func FuzzOpenNeverRepeatsPassword(f *testing.F) {
	f.Add("hunter2", "host:6379/0")
	f.Add("hun/ter2?#%", "[::1]:1/x?pool_size=1")
	done, cancel := context.WithCancel(context.Background())
	cancel()
	f.Fuzz(func(t *testing.T, password, rest string) {
		password = "s3cr3t" + password // so that no part of the message is like it by chance
		s, err := storage.Open(done, "redis://user:"+password+"@"+rest)
		if err == nil {
			t.Fatalf("Open = %v with a context that is done", s)
		}
		if strings.Contains(err.Error(), "s3cr3t") && !strings.Contains(rest, "s3cr3t") {
			t.Errorf("the password is in %q", err)
		}
	})
}
