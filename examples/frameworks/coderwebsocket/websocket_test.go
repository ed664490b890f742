package coderwebsocket

import (
	"testing"

	"example.com/cookiesession"
	"example.com/cookiesession/examples/frameworks/internal/visitor"
	"github.com/coder/websocket"
)

func TestUpgrade(t *testing.T) {
	sessions, events := visitor.Sessions[Visit](t)
	v := visitor.New(t, New(sessions))
	v.Expect(v.Get("/"), "You were in no room.\n")

	conn, _, err := websocket.Dial(t.Context(), v.URL+"/rooms/red", &websocket.DialOptions{HTTPClient: v.Client})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.Read(t.Context()); err != nil || string(message) != "hello" {
		t.Errorf("got %q, %v", message, err)
	}
	v.Expect(v.Get("/"), "You were in the red room.\n")
	if events.Has(cookiesession.EventHijacked) || events.Has(cookiesession.EventLate) {
		t.Error("an event says that a change may be lost")
	}
}
