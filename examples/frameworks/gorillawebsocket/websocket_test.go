package gorillawebsocket

import (
	"net/http"
	"strings"
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/examples/frameworks/internal/visitor"
	"github.com/gorilla/websocket"
)

func TestUpgrade(t *testing.T) {
	sessions, events := visitor.Sessions[Visit](t)
	v := visitor.New(t, New(sessions))
	v.Expect(v.Get("/"), "You were in no room.\n")

	conn := dial(t, v, "/rooms/red")
	if err := conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "hello" {
		t.Errorf("got %q, %v", message, err)
	}
	v.Expect(v.Get("/"), "You were in the red room.\n")
	if events.Has(cookiesession.EventHijacked) {
		t.Error("the cookies were passed on, and there is an event that they may not have been")
	}
}

// Upgrade does not send the headers of the http.ResponseWriter.
func TestUpgradeWithoutCookies(t *testing.T) {
	sessions, events := visitor.Sessions[Visit](t)
	v := visitor.New(t, sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sessions.Get(r).Data.Room = "the red room"
		conn, err := upgrader.Upgrade(w, r, nil) // should be given the cookies
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})))
	dial(t, v, "/")
	if v.Cookies() != 0 {
		t.Error("the cookie arrived all the same")
	}
	if !events.Has(cookiesession.EventHijacked) {
		t.Error("no event says that the cookie may be lost")
	}
}

// A handshake that fails is an ordinary response, with its cookie.
func TestNoUpgrade(t *testing.T) {
	sessions, _ := visitor.Sessions[Visit](t)
	v := visitor.New(t, New(sessions))
	v.Expect(v.Get("/rooms/red"), "Bad Request\n")
	v.Expect(v.Get("/"), "You were in the red room.\n")
}

func dial(t *testing.T, v *visitor.Visitor, path string) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{
		Jar:             v.Client.Jar,
		TLSClientConfig: v.Client.Transport.(*http.Transport).TLSClientConfig,
	}
	conn, _, err := dialer.DialContext(t.Context(), strings.Replace(v.URL, "https", "wss", 1)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
