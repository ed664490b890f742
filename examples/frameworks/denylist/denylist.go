// Package denylist ends single sessions at once, whatever copies of their
// cookies there are. It costs a look-up in each request that uses a session.
//
// A session gets an id at its login. Denying it puts the id into a table, with
// the time at which the session would have ended anyway; after that the row is
// of no use. The SQL is that of SQLite and PostgreSQL; with Valkey or Redis the
// row is a key that expires.
package denylist

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"example.com/cookiesession"
)

// An Account is the session.
type Account struct{ User string }

// A List is a table of denied sessions.
type List struct{ db *sql.DB }

// Open returns the List of a database, and makes its table.
func Open(ctx context.Context, db *sql.DB) (*List, error) {
	_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS denied_sessions (id CHAR(32) PRIMARY KEY, until BIGINT NOT NULL)`)
	return &List{db}, err
}

// Check is for Options.Check. If the table can't be read, its error is none
// that refuses a session for good: the visitor has none in this request, and
// nothing is saved.
func (l *List) Check(r *http.Request, s *cookiesession.Session[Account]) error {
	denied := false
	err := l.db.QueryRowContext(r.Context(), `SELECT EXISTS (SELECT 1 FROM denied_sessions WHERE id = $1)`, s.ID()).Scan(&denied)
	if err == nil && denied {
		return cookiesession.ErrRevoked
	}
	return err
}

// Deny ends a session.
func (l *List) Deny(ctx context.Context, id string, end time.Time) error {
	_, err := l.db.ExecContext(ctx, `INSERT INTO denied_sessions (id, until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, end.Unix())
	return err
}

// Sweep forgets the sessions that have ended by themselves. Call it daily.
func (l *List) Sweep(ctx context.Context) error {
	_, err := l.db.ExecContext(ctx, `DELETE FROM denied_sessions WHERE until <= $1`, time.Now().Unix())
	return err
}

// New returns an application whose logout ends the session everywhere, also for
// who has a copy of the cookie. While the table can't be read, there is no
// session, so a logout then does no more than delete the browser's cookie.
func New(keys *cookiesession.Keyring, list *List) (http.Handler, error) {
	sessions, err := cookiesession.New(keys, &cookiesession.Options[Account]{Check: list.Check})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("user: " + sessions.Get(r).Data.User))
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		s.Destroy()
		s.Data.User = r.PostFormValue("user") // after the password was checked
		s.ID()                                // what Deny asks for
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		s := sessions.Get(r)
		if !s.IsNew() {
			if err := list.Deny(r.Context(), s.ID(), s.ExpiresAt()); err != nil {
				http.Error(w, "Try again later.", http.StatusServiceUnavailable)
				return
			}
		}
		s.Destroy()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(mux)), nil
}
