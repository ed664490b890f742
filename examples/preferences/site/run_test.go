package site

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// A restart is a new process with the same file: what the visitor chose is in
// the browser, and what opens it is in the file.
func TestRestart(t *testing.T) {
	c := config{addr: "localhost:0", keys: filepath.Join(t.TempDir(), "keyring")}

	address, stop := start(t, c)
	v := visitorTo(t, address)
	v.post("/preferences", "theme", "dark", "language", "de", "size", "large", "note", "Salz", "save", "note")
	v.post("/login", "name", "ana")
	stop()

	v.url, stop = start(t, c)
	page := v.get("/")
	v.checkShows(page, `<html lang="de" dir="ltr" data-theme="dark" data-size="large">`, ">\nSalz</textarea>", "<bdi>ana</bdi>")
	v.checkCounter(page)
	v.post("/logout")
	stop()

	v.url, _ = start(t, config{addr: c.addr, keys: filepath.Join(t.TempDir(), "keyring")})
	page = v.get("/") // of a site with other keys: a first visit, not an error
	v.checkShows(page, `<html lang="en" dir="ltr" data-theme="system"`)
}

func TestDefaultKeys(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} { // on Unix, Linux and Windows
		t.Setenv(name, home)
	}
	for range 2 { // the second start finds what the first one made
		path, err := defaultKeys()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cookiesession.LoadOrCreateKeyring(path); err != nil {
			t.Fatal(err)
		}
		dir, err := os.Stat(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if mode := dir.Mode().Perm(); runtime.GOOS != "windows" && mode != 0o700 {
			t.Errorf("%s has mode %o, want 700", filepath.Dir(path), mode)
		}
	}
}

func TestInsecure(t *testing.T) {
	address, _ := start(t, config{addr: "localhost:0", keys: filepath.Join(t.TempDir(), "keyring"), insecure: true})
	v := visitorTo(t, address)
	got := v.do(http.MethodPost, "/preferences", formOf("theme", "dark"))
	if len(got.cookies) != 1 || got.cookies[0].Name != "dev-session" || got.cookies[0].Secure {
		t.Errorf("got cookies %v, want one called dev-session and not Secure", got.cookies)
	}
}

// start runs the program and returns the address that it prints. Stopping it
// waits until it has ended; the test's end stops it, too.
func start(t *testing.T, c config) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, c, in)
		in.CloseWithError(io.EOF)
		ended <- err
	}()
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the program ended: %v", <-ended)
	}
	go io.Copy(io.Discard, lines)
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "Listening on ")
	if !ok || !strings.HasPrefix(address, "http://localhost:") {
		t.Fatalf("the program printed %q", line)
	}
	stop = func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the program ended with %v", err)
			}
			ended <- nil // for the call at the test's end
		case <-time.After(time.Minute):
			t.Error("the program does not end")
		}
	}
	t.Cleanup(stop)
	return address, stop
}
