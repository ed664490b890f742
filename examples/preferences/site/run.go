package site

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"example.com/cookiesession"
)

// Main is the command. newDevice, if it is not nil, gives it sessions that are
// bound to the visitor's device.
func Main(newDevice NewDevice) {
	c := config{newDevice: newDevice}
	flag.StringVar(&c.addr, "addr", "localhost:8080", "`address` to listen on; port 0 picks a free one")
	flag.StringVar(&c.keys, "keys", "", "`file` of the session keys, made if it does not exist (default: a file in the user's configuration directory)")
	flag.BoolVar(&c.insecure, "insecure", false, "drop the cookie's Secure attribute, for Safari on localhost and for plain HTTP on other hosts; never in production")
	flag.BoolVar(&c.deviceBound, "device-bound", false, "bind sessions to the visitor's device, over TLS with a certificate that is made at each start")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for anything
	if err := run(ctx, c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "preferences:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	addr        string
	keys        string // "": defaultKeys
	insecure    bool
	deviceBound bool
	newDevice   NewDevice // nil: there is none
}

// Errors of flags.
var (
	errNoDevice = errors.New("-device-bound takes another module: cd contrib/dbsc && go run ./preferences -device-bound")
	errInsecure = errors.New("-device-bound and -insecure exclude each other: browsers bind nothing over plain HTTP")
)

// run serves the site until ctx ends.
func run(ctx context.Context, c config, out io.Writer) error {
	switch {
	case !c.deviceBound:
		c.newDevice = newNoDevice
	case c.newDevice == nil:
		return errNoDevice
	case c.insecure:
		return errInsecure
	}
	if c.keys == "" {
		var err error
		if c.keys, err = defaultKeys(); err != nil {
			return fmt.Errorf("no place for the keys, name one with -keys: %w", err)
		}
	}
	keys, err := cookiesession.LoadOrCreateKeyring(c.keys)
	if err != nil {
		return err
	}
	handler, err := newHandler(keys, c.insecure, c.newDevice)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	if c.deviceBound {
		return serveTLS(ctx, c, listener, handler, out)
	}
	fmt.Fprintf(out, "Listening on %s\n", siteURL("http", c.addr, listener.Addr()))
	fmt.Fprintf(out, "The keys are in %s\n", c.keys)
	if !c.insecure {
		fmt.Fprintln(out, "In Safari, and on another host without TLS, the cookie needs -insecure")
	}
	return serve(ctx, listener, handler)
}

// serveTLS is serve over TLS, with the line that starts a browser for it.
func serveTLS(ctx context.Context, c config, listener net.Listener, handler http.Handler, out io.Writer) error {
	address := siteURL("https", c.addr, listener.Addr())
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	certificate, keyHash, err := newCertificate(u.Hostname())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Listening on %s\n", address)
	fmt.Fprintf(out, "The keys are in %s\n", c.keys)
	fmt.Fprintln(out, "Chromium with a profile of its own, which trusts this certificate, and which")
	fmt.Fprintln(out, "keeps its keys in software where there is no TPM:")
	fmt.Fprintf(out, "chromium --user-data-dir=$(mktemp -d) --ignore-certificate-errors-spki-list=%s --enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting %s\n", keyHash, address)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}}
	return serve(ctx, tls.NewListener(listener, config), handler)
}

// defaultKeys returns a file that the next start finds again, in a directory
// that nobody else can look into.
func defaultKeys() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "cookiesession-preferences")
	return filepath.Join(dir, "keyring"), os.MkdirAll(dir, 0o700)
}

// siteURL returns what to type into a browser: the host as it was asked for,
// because browsers trust localhost more than a bare address, and the port as it
// came out.
func siteURL(scheme, asked string, got net.Addr) string {
	host, _, _ := net.SplitHostPort(asked)
	if host == "" {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(got.String())
	return scheme + "://" + net.JoinHostPort(host, port)
}

// serve answers requests until ctx ends, and finishes those that have begun.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler,
		// Every request and page here is small; who needs longer is not
		// reading.
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
