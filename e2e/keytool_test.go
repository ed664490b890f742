package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A keytool is the cookiesession command.
type keytool struct{ path string }

func buildKeytool(t *testing.T) keytool {
	t.Helper()
	return keytool{build(t, "./cmd/cookiesession")}
}

// build builds a program of the root module and returns its path.
func build(t *testing.T, pkg string) string {
	t.Helper()
	return buildIn(t, "..", pkg)
}

// buildIn is build for the module in a directory.
func buildIn(t *testing.T, module, pkg string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-o", file, pkg)
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// begin makes a file with one key and returns its id.
func (k keytool) begin(t *testing.T, ctx context.Context, file string) string {
	t.Helper()
	return k.added(t, ctx, "-init", "-file", file)
}

// rotate adds a key to a file and returns its id.
func (k keytool) rotate(t *testing.T, ctx context.Context, file string, activateIn time.Duration) string {
	t.Helper()
	return k.added(t, ctx, "-file", file, "-activate-in", activateIn.String())
}

// added runs rotate and returns the id of the key that it has added.
func (k keytool) added(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, k.path, append([]string{"rotate", "-json"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd.Args[1:], describe(err))
	}
	var done struct{ Added struct{ ID string } }
	must(t, json.Unmarshal(out, &done))
	if done.Added.ID == "" {
		t.Fatalf("%v: no key was added: %s", cmd.Args[1:], out)
	}
	return done.Added.ID
}

// describe adds to an error of exec what the command has said.
func describe(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return err.Error() + ": " + string(exit.Stderr)
	}
	return err.Error()
}
