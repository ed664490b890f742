// Package coderwebsocket keeps sessions where coder/websocket upgrades a
// connection.
//
// Accept sends the response in the ordinary way, with WriteHeader(101), and
// takes the connection over afterwards. So the session's cookie goes out with
// it, and nothing is to be done but to change the session before.
//
// The session is read at the handshake and no more. A connection that lasts for
// hours does not notice a logout, so it should at least end when the session
// does.
package coderwebsocket

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"example.com/cookiesession"
	"github.com/coder/websocket"
)

// A Visit is the session. Its zero value is that of a first visit, for which no
// cookie is set.
type Visit struct {
	Room string // that the visitor was in last
}

// New returns the application.
func New(sessions *cookiesession.Manager[Visit]) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "You were in %s.\n", cmp.Or(sessions.Get(r).Data.Room, "no room"))
	})

	mux.HandleFunc("GET /rooms/red", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Data.Room = "the red room"
		// Without options Accept refuses handshakes from pages of other sites,
		// by the Origin header. Leave it so: a browser lets any page connect to
		// anywhere.
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow()
		// The headers are out: from here on the session is only to be read.
		ctx, cancel := context.WithDeadline(r.Context(), session.ExpiresAt())
		defer cancel()
		err = repeat(ctx, conn)
		if status := websocket.CloseStatus(err); status != websocket.StatusNormalClosure && status != websocket.StatusGoingAway {
			slog.InfoContext(ctx, "connection ended", "error", err)
		}
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

// repeat says what it hears until the connection ends.
func repeat(ctx context.Context, conn *websocket.Conn) error {
	conn.SetReadLimit(1 << 10)
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, kind, message); err != nil {
			return err
		}
	}
}
