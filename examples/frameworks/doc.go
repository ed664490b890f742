// Package frameworks has the examples that need other modules. For each way to
// put sessions around a Go web framework there is a small application. These
// are the same few pages, so that what differs is the wiring:
//
//   - nethttp: net/http alone
//   - chi: as a middleware, because chi's middlewares are net/http's
//   - gin, echo: around the whole application, because their middlewares don't
//     end where the response does
//   - gorillawebsocket: an upgrade whose response the library writes itself, so
//     it has to be given the session's cookies
//   - coderwebsocket: an upgrade that needs nothing
//
// Two are about what operators ask for:
//
//   - metrics: events, counted with Prometheus' client
//   - denylist: single sessions that end at once, by a table in a database
//
// Each is made to be copied: a New that takes a Manager and returns the
// http.Handler to serve. In production that is all that main does:
//
//	keys, err := cookiesession.LoadOrCreateKeyring(path)
//	sessions, err := cookiesession.New[gin.Visit](keys, nil)
//	...
//	server := &http.Server{Addr: "localhost:8080", Handler: gin.New(sessions)}
//
// path is a file that stays, outside the source tree: examples/preferences
// takes it from a flag, or from the user's configuration directory.
//
// Applications that use a session package already have less to change: see
// contrib, which has also what fiber needs, whose handlers are not net/http's.
package frameworks
