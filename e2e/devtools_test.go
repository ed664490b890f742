package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A tab is one of a headless browser, driven through the DevTools protocol. The
// protocol runs over two pipes, which the browser ends with.
type tab struct {
	t       *testing.T
	ctx     context.Context
	session string
	loaded  chan struct{} // a page has been
	ended   chan struct{} // closed when the browser is gone

	mu      sync.Mutex
	in      io.Writer
	last    int
	pending map[int]chan reply
}

type reply struct {
	ID     int
	Method string // of an event
	Result json.RawMessage
	Error  *struct{ Message string }
}

// openTab starts a browser of the Chromium family, with these flags besides the
// usual ones. Its profile is new, unless a flag names one.
func openTab(t *testing.T, ctx context.Context, path string, flags ...string) *tab {
	t.Helper()
	theirIn, in, err := os.Pipe()
	must(t, err)
	out, theirOut, err := os.Pipe()
	must(t, err)
	if !slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "--user-data-dir=") }) {
		flags = append([]string{"--user-data-dir=" + t.TempDir()}, flags...)
	}
	cmd := exec.Command(path, append([]string{
		"--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "about:blank",
	}, flags...)...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	// The browser's helpers hold on to this, too, so that Wait waits for the
	// last of them, and nobody writes to a directory that is being removed.
	var log bytes.Buffer
	cmd.Stderr, cmd.WaitDelay = &log, 5*time.Second
	must(t, cmd.Start())
	theirIn.Close()
	theirOut.Close()
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ends does not matter
		close(ended)
	}()
	b := &tab{t: t, ctx: ctx, in: in, ended: ended, loaded: make(chan struct{}, 1), pending: make(map[int]chan reply)}
	go b.read(out)
	t.Cleanup(func() {
		in.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		out.Close()
		if t.Failed() {
			t.Logf("the browser wrote:\n%s", tail(log.Bytes()))
		}
	})

	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Page.enable", nil, nil)
	return b
}

// read takes in what the browser says. Messages end with a zero byte.
func (b *tab) read(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		text, err := lines.ReadBytes(0)
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &r) != nil {
			continue
		}
		if r.Method == "Page.loadEventFired" {
			select {
			case b.loaded <- struct{}{}:
			default:
			}
		}
		b.mu.Lock()
		answer := b.pending[r.ID]
		delete(b.pending, r.ID)
		b.mu.Unlock()
		if answer != nil {
			answer <- r
		}
	}
}

// call has the browser do something and reads what comes of it into result, if
// that is not nil.
func (b *tab) call(method string, params, result any) {
	b.t.Helper()
	b.mu.Lock()
	b.last++
	message := map[string]any{"id": b.last, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	answer := make(chan reply, 1)
	b.pending[b.last] = answer
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.in.Write(append(text, 0))
	}
	b.mu.Unlock()
	must(b.t, err)
	select {
	case <-b.ctx.Done():
		b.t.Fatalf("%s: %v", method, context.Cause(b.ctx))
	case r := <-answer:
		if r.Error != nil {
			b.t.Fatalf("%s: %s", method, r.Error.Message)
		}
		if result != nil {
			must(b.t, json.Unmarshal(r.Result, result))
		}
	}
}

// end closes the browser as its user does, and waits until it is gone.
func (b *tab) end() {
	b.t.Helper()
	b.session = "" // it is about the browser
	b.call("Browser.close", nil, nil)
	select {
	case <-b.ended:
	case <-b.ctx.Done():
		b.t.Fatalf("the browser does not end: %v", context.Cause(b.ctx))
	}
}

// open goes to an address and waits until the page is there.
func (b *tab) open(url string) {
	b.t.Helper()
	b.turnPage(func() { b.call("Page.navigate", map[string]any{"url": url}, nil) })
}

// run runs a script that leads to another page, as a click does.
func (b *tab) run(format string, args ...any) {
	b.t.Helper()
	b.turnPage(func() { b.eval(fmt.Sprintf(format, args...)) })
}

// turnPage does what leads to another page, and waits for it.
func (b *tab) turnPage(do func()) {
	b.t.Helper()
	select {
	case <-b.loaded: // of the page before
	default:
	}
	do()
	select {
	case <-b.ctx.Done():
		b.t.Fatalf("no page: %v", context.Cause(b.ctx))
	case <-b.loaded:
	}
}

// eval returns the value of an expression as text.
func (b *tab) eval(expression string) string {
	b.t.Helper()
	var result struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &result)
	if result.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, result.ExceptionDetails.Exception.Description)
	}
	if result.Result.Value == nil {
		return ""
	}
	return fmt.Sprint(result.Result.Value)
}

// A keptCookie is one as the browser keeps it.
type keptCookie struct {
	Name, Value, Domain, Path, SameSite string
	HTTPOnly, Secure, Session           bool
	Expires                             float64 // Unix seconds
}

// cookies returns those that the browser would send to the page.
func (b *tab) cookies() []keptCookie {
	b.t.Helper()
	var result struct{ Cookies []keptCookie }
	b.call("Network.getCookies", nil, &result)
	return result.Cookies
}
