// Package gorillawebsocket keeps sessions where gorilla/websocket upgrades a
// connection.
//
// Upgrade takes the connection over and writes the response itself. Headers
// that were set on the http.ResponseWriter, the session's cookie among them,
// never reach the client. So the handler asks for the cookies and passes them
// in Upgrade's responseHeader. Who forgets it gets a
// [cookiesession.EventHijacked] event whenever a session had to be saved: give
// Options.OnEvent.
//
// The session is read at the handshake and no more. A connection that lasts for
// hours does not notice a logout, so it should at least end when the session
// does.
package gorillawebsocket

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"

	"example.com/cookiesession"
	"github.com/gorilla/websocket"
)

// A Visit is the session. Its zero value is that of a first visit, for which no
// cookie is set.
type Visit struct {
	Room string // that the visitor was in last
}

// The zero Upgrader refuses handshakes from pages of other sites, by the Origin
// header. Leave CheckOrigin alone: a browser lets any page connect to anywhere.
var upgrader websocket.Upgrader

// New returns the application.
func New(sessions *cookiesession.Manager[Visit]) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "You were in %s.\n", cmp.Or(sessions.Get(r).Data.Room, "no room"))
	})

	mux.HandleFunc("GET /rooms/red", func(w http.ResponseWriter, r *http.Request) {
		session := sessions.Get(r)
		session.Data.Room = "the red room"
		header, err := upgradeHeader(sessions, session)
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		conn, err := upgrader.Upgrade(w, r, header)
		if err != nil {
			return // Upgrade has answered
		}
		defer conn.Close()
		// The headers are out: from here on the session is only to be read.
		if err := conn.SetReadDeadline(session.ExpiresAt()); err != nil {
			return
		}
		if err := repeat(conn); !websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
			slog.InfoContext(r.Context(), "connection ended", "error", err)
		}
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux))
}

// upgradeHeader returns the headers of a response that upgrades a connection.
func upgradeHeader(sessions *cookiesession.Manager[Visit], session *cookiesession.Session[Visit]) (http.Header, error) {
	cookies, err := sessions.Cookies(session)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, cookie := range cookies {
		header.Add("Set-Cookie", cookie.String())
	}
	return header, nil
}

// repeat says what it hears until the connection ends.
func repeat(conn *websocket.Conn) error {
	conn.SetReadLimit(1 << 10)
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := conn.WriteMessage(kind, message); err != nil {
			return err
		}
	}
}
