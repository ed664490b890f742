// Command express-tutorial is the session tutorial that everybody knows from
// Express, route by route, with the session in an encrypted cookie:
//
//	Express                                              here
//	app.use(session({secret, store, cookie}))            sessions.Handler(mux)
//	GET /login:   req.session.user = name                POST /login:  session.Data.User = name
//	GET /user:    res.send(req.session.user||'No user')  GET /user:    sessions.Get(r).Data.User
//	GET /logout:  req.session.destroy()                  POST /logout: session.Destroy()
//
// Try it, on http://localhost:3000:
//
//	go run ./examples/express-tutorial
//
// Login and logout are POST here, and refused if they come from a page of
// another site. With GET, a link or an image anywhere could log the visitor
// out, or in under a name of somebody else's choice. /user shows the name as
// text; res.send would have taken what a visitor typed for HTML.
//
// # What a thief can do
//
// A copy of the cookie is the session, there and here. The tutorial's is not
// Secure, so it can be read from any connection that is not encrypted; here it
// is. There, a logout ends the copy, because the store forgets the session, and
// without a maxAge nothing else does but a restart. Here a logout only tells
// the browser to delete the cookie: the copy opens until a day after the login,
// which is what Lifetime is for. Where that is too long, Options.Check asks the
// application at each request.
//
// Nobody reads or changes what is in the cookie. But who steals the key file
// makes any session of anybody, until that key is revoked. In Express the
// secret alone is worth little, and the store's content a lot.
//
// # What a restart does
//
// There, all sessions are gone, unless they are in a database. Here the program
// reads the key file again, and everybody is still logged in.
//
// # What a second replica needs
//
// There, a shared database, or a load balancer that sends each visitor to the
// same replica. Here, the same key file:
//
//	go run ./examples/express-tutorial -addr localhost:3001
//
// (Browsers send a host's cookies to all its ports.) A replica with other keys
// sees no user, and leaves the cookie alone for those that can open it.
//
// What else of Express is where is in docs/FROM-EXPRESS.md.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

func main() {
	addr := flag.String("addr", "localhost:3000", "`address` to listen on")
	keys := flag.String("keys", "", "`file` of the session keys, made if it does not exist (default: a file in the user's configuration directory)")
	insecure := flag.Bool("insecure", false, "drop the cookie's Secure attribute, for Safari on localhost and for plain HTTP on other hosts; never in production")
	flag.Parse()
	if err := run(*addr, *keys, *insecure); err != nil {
		log.Fatal("express-tutorial: ", err)
	}
}

func run(addr, keys string, insecure bool) error {
	if keys == "" {
		var err error
		if keys, err = defaultKeys(); err != nil {
			return fmt.Errorf("no place for the keys, name one with -keys: %w", err)
		}
	}
	app, err := newApp(keys, insecure)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("Listening on http://%s\nThe keys are in %s\n", addr, keys)
	server := &http.Server{Handler: app, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	return server.Serve(listener)
}

// defaultKeys returns a file that the next start finds again, in a directory
// that nobody else can look into.
func defaultKeys() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "cookiesession-express-tutorial")
	return filepath.Join(dir, "keyring"), os.MkdirAll(dir, 0o700)
}
