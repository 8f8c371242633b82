package ops_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
	"github.com/fibercaptcha/fibercaptcha/tests/kit/redisserver"
)

// The compose file as operators use it: what was accepted outlives the containers.
func TestCompose(t *testing.T) {
	site := composeUp(t, "../../docker-compose.yml")
	guard, v := modes[0].guard(t, ""), site.visitor
	signUp(t, v, guard, http.StatusSeeOther)
	message := mustSend(t, v, guard, "Kept in a volume.")

	for _, service := range []string{"app", "redis"} {
		site.run("stop", service)
		if service == "redis" {
			site.await("/readyz", http.StatusServiceUnavailable)
		}
		site.run("start", service)
		site.await("/readyz", http.StatusOK)
		mustKeep(t, v, message, "Kept in a volume.")
	}
	signUp(t, v, guard, http.StatusUnprocessableEntity) // there is an account with this address
	login := url.Values{"email": {"visitor@example.com"}, "password": {"correct horse battery"}}
	if r := mustDo(t, v, "POST", "/login", login.Encode()); r.status != http.StatusSeeOther {
		t.Errorf("logging in: status %d:\n%s", r.status, r.body)
	}
	if r := mustDo(t, v, "GET", "/metrics", ""); r.status != http.StatusNotFound {
		t.Errorf("/metrics is published: status %d", r.status)
	}
	if out := site.run("exec", "-T", "app", "/fibercaptcha", "healthcheck"); out != "" {
		t.Errorf("healthcheck says %q", out)
	}
	if out := site.run("port", "redis", "6379"); strings.Contains(out, "6379") {
		t.Errorf("Redis is published: %s", out)
	}
}

func TestComposeReplicas(t *testing.T) {
	site := composeUp(t, "../replicas/docker-compose.yml")
	guard, v := modes[0].guard(t, ""), site.visitor
	var references []string
	for _, replica := range []string{"app1", "app2", "app3"} {
		references = append(references, mustSend(t, v, guard, "Through the balancer."))
		key, answer := mustChallenge(t, v, guard)
		var accepted atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if reference, _, _ := v.send(key, answer, "Once."); reference != "" {
					accepted.Add(1)
				}
			})
		}
		all.Wait()
		if accepted.Load() != 1 {
			t.Errorf("an answer was accepted %d times", accepted.Load())
		}
		site.run("restart", replica)
	}
	for _, reference := range references {
		mustKeep(t, v, reference, "Through the balancer.")
	}
}

func signUp(t *testing.T, v *visitor, guard *captcha.Guard, want int) {
	t.Helper()
	page := mustDo(t, v, "GET", "/signup", "")
	match := hiddenKey.FindStringSubmatch(page.body)
	if match == nil {
		t.Fatalf("status %d, no key in the page:\n%s", page.status, page.body)
	}
	form := url.Values{"email": {"visitor@example.com"}, "password": {"correct horse battery"},
		"captcha_key": {match[1]}, "captcha_value": {captchatest.Solve(t, guard.For("signup"), match[1])}}
	if r := mustDo(t, v, "POST", "/signup", form.Encode()); r.status != want {
		t.Errorf("signing up: status %d, want %d:\n%s", r.status, want, r.body)
	}
}

// composed is a set of containers.
type composed struct {
	t       *testing.T
	file    string
	env     []string
	visitor *visitor
}

// composeUp builds and starts what a compose file describes, and removes it with its volumes after the test.
func composeUp(t *testing.T, file string) *composed {
	t.Helper()
	if os.Getenv("COMPOSE") != "1" {
		t.Skip("this builds and runs containers: set COMPOSE=1 where there is a Docker engine and docker-compose")
	}
	port := redisserver.FreePort(t)
	site := &composed{t: t, file: file, visitor: newVisitor(fmt.Sprint("http://127.0.0.1:", port)),
		env: append(os.Environ(), fmt.Sprint("PORT=", port), "CAPTCHA_SECRETS="+secret, "REDIS_PASSWORD=0123456789abcdef")}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(site.run("logs", "--tail", "50"))
		}
		site.run("down", "-v")
	})
	site.run("up", "--build", "-d")
	site.await("/readyz", http.StatusOK)
	return site
}

// run runs docker-compose and returns its standard output.
func (c *composed) run(args ...string) string {
	c.t.Helper()
	command := exec.Command("docker-compose", append([]string{"-p", "fibercaptcha-test", "-f", c.file}, args...)...)
	command.Env = c.env
	var log strings.Builder
	command.Stderr = &log
	out, err := command.Output()
	if err != nil && args[0] != "port" {
		c.t.Errorf("docker-compose %s: %v\n%s", strings.Join(args, " "), err, log.String())
	}
	c.t.Logf("$ docker-compose %s\n%s", strings.Join(args, " "), lastLine(log.String()))
	return strings.TrimSpace(string(out))
}

func (c *composed) await(path string, status int) {
	c.t.Helper()
	await(c.t, fmt.Sprintf("%s %d", path, status), func() bool {
		r, err := c.visitor.do("GET", path, "")
		return err == nil && r.status == status
	})
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
