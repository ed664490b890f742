// Package replica is one server of a test fleet. It counts for visitors who
// have logged in, and keeps the count in their sessions and nowhere else.
package replica

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
)

// A Visit is what the session of a visitor holds.
type Visit struct {
	User  string
	Count int
}

// An Answer is what a visitor is told.
type Answer struct {
	Visit
	Refused string `json:",omitempty"` // why the cookie of the request did not open
}

// A State is what a replica tells of itself.
type State struct {
	Keys   []cookiesession.KeyInfo
	Polled bool  // the keyring file has been read since the start
	Events Tally // so far
}

// StatePath is where a running replica shows its State.
const StatePath = "/-/state"

// config is what the flags say.
type config struct {
	listen   string
	keys     string
	interval time.Duration
	clock    time.Duration
	early    bool
}

// Run is the replica's program. It listens, prints its address as a line,
// serves until it gets SIGTERM or its input ends, finishes the requests that it
// has, and prints its [State] as a line of JSON. The input is there so that no
// replica outlives the test that has started it.
func Run(args []string, in io.Reader, out io.Writer) error {
	var c config
	flags := flag.NewFlagSet("replica", flag.ContinueOnError)
	flags.StringVar(&c.listen, "listen", "127.0.0.1:0", "`address` to listen on")
	flags.StringVar(&c.keys, "keys", "", "keyring `file`")
	flags.DurationVar(&c.interval, "interval", time.Second, "how often the keyring file is read")
	flags.DurationVar(&c.clock, "clock", 0, "how far the clock is off")
	flags.BoolVar(&c.early, "early", true, "read the file early at a cookie of an unknown key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	clock.SetOffset(c.clock)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel() // not stop: a SIGTERM on its way would end the process
	}()
	return c.run(ctx, out)
}

func (c *config) run(ctx context.Context, out io.Writer) error {
	keys, err := cookiesession.OpenKeyring(c.keys)
	if err != nil {
		return err
	}
	keys.SetEarlyReload(c.early)
	s := &server{keys: keys, opened: keys.Loaded()}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	go keys.Watch(ctx, c.interval, func(err error) { log.Println(err) })

	listener, err := listen(ctx, c.listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, listener.Addr())
	if err := serve(ctx, listener, handler); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(s.state())
}

// listen waits for an address that is taken: a replica that is started again at
// its old one may find it in use as the near end of somebody's connection.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err == nil || time.Now().After(deadline) || !errors.Is(err, syscall.EADDRINUSE) {
			return listener, err
		}
	}
}

// serve answers requests until ctx ends, and finishes those that have begun.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	httpServer := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return httpServer.Shutdown(grace)
}
