package main

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"example.com/cookiesession/internal/atomicfile"
)

// TestMain is the command itself, if it is told to, so that tests can run it in
// processes of their own, and kill it at a step of a change.
func TestMain(m *testing.M) {
	if os.Getenv("COOKIESESSION_RUN") == "" {
		os.Exit(m.Run())
	}
	if step := os.Getenv("COOKIESESSION_CRASH"); step != "" {
		atomicfile.Hook = func(s string) {
			if s == step {
				self, _ := os.FindProcess(os.Getpid())
				self.Kill() // nothing deferred runs
				select {}
			}
		}
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// call runs the command in this process.
func call(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

// mustCall runs the command and expects it to succeed.
func mustCall(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, code := call(args...)
	if code != exitDone || stderr != "" {
		t.Fatalf("%q: exit %d, standard error %q", args, code, stderr)
	}
	return stdout
}

func TestVersion(t *testing.T) {
	want := regexp.MustCompile(`^cookiesession \S+, go1\.\S+, cookie format 1\n$`)
	for _, arg := range []string{"version", "-version", "--version"} {
		if got := mustCall(t, arg); !want.MatchString(got) {
			t.Errorf("%s prints %q", arg, got)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatIsLost(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{"keygen"}, nil, fullDisk{}, &stderr); code != exitError || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit %d, standard error %q", code, stderr.String())
	}
}
