package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
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
	want := regexp.MustCompile(`^version  \S.*\ncommit   \S.*\ngo       go1\.\S+ \w+/\w+\ncookies  format 1\n$`)
	for _, arg := range []string{"version", "-version", "--version"} {
		if got := mustCall(t, arg); !want.MatchString(got) {
			t.Errorf("%s prints %q", arg, got)
		}
	}
}

// TestVersionOfBuilds has builds that know less and less of themselves.
func TestVersionOfBuilds(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.time", Value: "2026-11-26T14:19:00Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	check := func(want string) {
		t.Helper()
		var b strings.Builder
		printVersion(&b, info)
		goVersion := runtime.Version()
		if info != nil {
			goVersion = info.GoVersion
		}
		want += fmt.Sprintf("go       %s %s/%s\ncookies  format 1\n", goVersion, runtime.GOOS, runtime.GOARCH)
		if b.String() != want {
			t.Errorf("%q, want %q", b.String(), want)
		}
	}
	check("version  v1.2.3\ncommit   0123abc of 2026-11-26T14:19:00Z, changed since\n")
	info.Settings[2].Value = "false"
	check("version  v1.2.3\ncommit   0123abc of 2026-11-26T14:19:00Z\n")
	info.Settings = nil
	check("version  v1.2.3\ncommit   unknown: it was not built in a clone, or with -buildvcs=false\n")
	info.Main.Version = ""
	check("version  unknown: it was built without module information\ncommit   unknown: it was not built in a clone, or with -buildvcs=false\n")
	info = nil
	check("version  unknown: it was built without module information\ncommit   unknown: it was not built in a clone, or with -buildvcs=false\n")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatIsLost(t *testing.T) {
	var stderr bytes.Buffer
	if code := run([]string{"keygen"}, nil, fullDisk{}, &stderr); code != exitError || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit %d, standard error %q", code, stderr.String())
	}
}
