package demo_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fibercaptcha/fibercaptcha/captcha/captchatest"
)

// modules is where "npm ci --prefix tests" puts the programs that these tests run.
const modules = "../node_modules"

// nodeLimit bounds how long one of them may take, on a machine that is busy.
const nodeLimit = 2 * time.Minute

// node makes ready to run one of the modules' programs in a directory. Without them the test is skipped, or fails if
// REQUIRE_NODE=1 is set, as in CI.
func node(t *testing.T, dir, program string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(modules, program))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil {
		_, err = exec.LookPath("node")
	}
	switch {
	case err != nil && os.Getenv("REQUIRE_NODE") == "1":
		t.Fatalf("%v, for REQUIRE_NODE is set", err)
	case err != nil:
		t.Skipf("this needs node and what npm ci --prefix tests installs: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, "node", append([]string{path}, args...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	return command
}

func mustRun(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
}

// description writes what the server says of its API into a file, and returns its path.
func description(t *testing.T, v *visitor) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(path, []byte(v.get("/api/openapi.yaml").text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The description keeps the rules of a public linter, whose warnings count here too.
func TestOpenAPIKeepsTheLintersRules(t *testing.T) {
	t.Parallel()
	config, err := filepath.Abs("openapi/redocly.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lint := node(t, t.TempDir(), "@redocly/cli/bin/cli.js", "lint", "--config", config, "--format", "json", description(t, visit(t, start(t))))
	output, err := lint.Output()
	if err != nil || !strings.Contains(string(output), `"warnings": 0`) {
		t.Errorf("%v\n%s", err, output)
	}
}

// A client that is generated from the description compiles under TypeScript's strict rules, and gets a challenge, a
// refusal and a message's address from the server.
func TestOpenAPIMakesAClient(t *testing.T) {
	t.Parallel()
	s := start(t)
	dir := t.TempDir()
	packages, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	generate := node(t, dir, "openapi-typescript/bin/cli.js", description(t, visit(t, s)), "-o", "api.ts")
	mustRun(t, generate)
	program, err := os.ReadFile("openapi/client.ts")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"client.ts": string(program), "package.json": `{"type": "module"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(packages, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, node(t, dir, "typescript/bin/tsc", "--strict", "--skipLibCheck", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes",
		"--module", "nodenext", "--target", "es2022", "--types", "node", "client.ts"))

	ctx, cancel := context.WithTimeout(t.Context(), nodeLimit)
	defer cancel()
	client := exec.CommandContext(ctx, "node", "client.js", s.URL)
	client.Dir, client.Stderr = dir, os.Stderr
	input, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := client.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(output)
	first, _ := said.ReadString('\n')
	key, rest, _ := strings.Cut(strings.TrimSpace(first), " ")
	if rest != "image/png true" {
		t.Fatalf("the challenge: %q", first)
	}
	fmt.Fprintln(input, captchatest.Solve(t, solver(), key))
	others, _ := io.ReadAll(said)
	if err := client.Wait(); err != nil {
		t.Fatal(err)
	}
	refused, sent, _ := strings.Cut(string(others), "\n")
	if want := `400 {"non_field_errors":["Invalid or expired captcha key"]}`; refused != want {
		t.Errorf("the refusal: %q, want %q", refused, want)
	}
	if !strings.HasPrefix(sent, "201 /contact/") {
		t.Errorf("the success: %q", sent)
	}
}
