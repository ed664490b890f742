package e2e

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// A copyingListener counts the bytes that its connections are asked to copy by
// themselves, which they do with sendfile.
type copyingListener struct {
	net.Listener
	copied atomic.Int64
}

func (l *copyingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &copyingConn{conn.(*net.TCPConn), &l.copied}, nil
}

type copyingConn struct {
	*net.TCPConn
	copied *atomic.Int64
}

func (c *copyingConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	c.copied.Add(n)
	return n, err
}

// TestSendfile serves a file of 100 MB behind Handler, with a session that
// changes: all but its beginning reaches the connection's ReadFrom. The control
// is a middleware that hides io.ReaderFrom.
func TestSendfile(t *testing.T) {
	const size = 100 << 20
	file := filepath.Join(t.TempDir(), "large")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Truncate(file, size))
	sessions := newSessions[string](t, nil)
	for _, hidden := range []bool{false, true} {
		t.Run(fmt.Sprint(hidden), func(t *testing.T) {
			h := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sessions.Get(r).Data = "ana"
				if hidden {
					w = struct{ http.ResponseWriter }{w}
				}
				http.ServeFile(w, r, file)
			}))
			server := httptest.NewUnstartedServer(h)
			l := &copyingListener{Listener: server.Listener}
			server.Listener = l
			server.Start()
			response, err := http.Get(server.URL)
			must(t, err)
			n, err := io.Copy(io.Discard, response.Body)
			must(t, err)
			response.Body.Close()
			server.Close()
			if n != size || len(response.Cookies()) != 1 {
				t.Errorf("%d bytes and %d cookies, expected %d and 1", n, len(response.Cookies()), size)
			}
			copied := l.copied.Load()
			t.Logf("%d of %d bytes through ReadFrom", copied, size)
			if (copied > size-4096) == hidden || copied > 0 == hidden {
				t.Errorf("%d bytes through ReadFrom, hidden: %t", copied, hidden)
			}
		})
	}
}

// testEvents: server-sent events arrive one by one. The handler sends the next
// one only when the browser has told that it has the last, and the session of
// the answer is there from the first on.
func testEvents(t *testing.T, c *chrome) {
	sessions := newSessions[string](t, nil)
	got := make(chan string, 10)
	address := "https://" + siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/events":
			sessions.Get(r).Data = "ana"
			w.Header().Set("Content-Type", "text/event-stream")
			for i := range 3 {
				fmt.Fprintf(w, "data: %d\n\n", i)
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				select {
				case told := <-got:
					if want := fmt.Sprint(i, " ana"); told != want {
						t.Errorf("the browser tells %q, expected %q", told, want)
					}
				case <-r.Context().Done():
					t.Error("the browser has gone")
					return
				}
			}
		case "/got":
			got <- r.FormValue("n") + " " + sessions.Get(r).Data
		default:
			fmt.Fprint(w, "<!doctype html><p>page")
		}
	})))
	b, _ := c.visitor(t)
	b.open(address + "/")
	b.eval(`window.seen = ''; window.source = new EventSource('/events');
		source.onmessage = e => { seen += e.data; if (e.data == '2') source.close(); fetch('/got?n=' + e.data) }; ''`)
	b.awaitEval(`seen`, "012")
	b.theOnly()
}

// testWebSocket: a handler that sends 101 and takes the connection over talks
// with the browser's WebSocket, and what it did to the session before is in the
// answer.
func testWebSocket(t *testing.T, c *chrome) {
	sessions := newSessions[string](t, nil)
	address := siteHost + ":" + c.serveTLS(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		if r.URL.Path != "/socket" {
			fmt.Fprintf(w, "<!doctype html><p>%s", s.Data)
			return
		}
		s.Data = "ana"
		const id = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455, section 1.3
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + id))
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if err := echo(buffered); err != nil {
			t.Error(err)
		}
	})))
	b, _ := c.visitor(t)
	b.open("https://" + address + "/")
	wantEval(t, b, "before", `document.querySelector('p').textContent`, "")
	b.eval(`window.seen = ''; window.socket = new WebSocket('wss://` + address + `/socket');
		socket.onopen = () => socket.send('one'); socket.onmessage = e => { seen += e.data + ' '; if (seen == 'one ') socket.send('two') }; ''`)
	b.awaitEval(`seen`, "one two ")
	b.open("https://" + address + "/")
	wantEval(t, b, "after", `document.querySelector('p').textContent`, "ana")
}

// echo sends two short messages of a WebSocket back.
func echo(rw *bufio.ReadWriter) error {
	for range 2 {
		head := make([]byte, 6) // with the mask
		if _, err := io.ReadFull(rw, head); err != nil {
			return err
		}
		n := int(head[1] & 0x7f)
		if head[0] != 0x81 || n > 125 {
			return errors.New("no short message of text")
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(rw, text); err != nil {
			return err
		}
		for i := range text {
			text[i] ^= head[2+i%4]
		}
		fmt.Fprintf(rw, "\x81%c%s", n, text)
		if err := rw.Flush(); err != nil {
			return err
		}
	}
	return nil
}
