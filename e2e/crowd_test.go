package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A crowd is many visitors of one site at once.
type crowd struct {
	visitors  []*visitor
	transport *http.Transport
	began     time.Time
	took      time.Duration

	stop  chan struct{}
	ended sync.WaitGroup
	once  sync.Once
}

// startCrowd sends n visitors to the site at addr, each of whom waits for
// think, on average, after each answer, and loads a page of several requests at
// once now and then. They stay until end is called, or ctx ends.
func startCrowd(t *testing.T, ctx context.Context, addr string, n int, think time.Duration) *crowd {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{began: time.Now(), stop: make(chan struct{})}
	c.transport = &http.Transport{
		// The name is localhost, because that is where cookie jars and browsers
		// keep a Secure cookie without TLS.
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
		MaxIdleConns: 2 * n, MaxIdleConnsPerHost: 2 * n, MaxConnsPerHost: 2 * n,
	}
	for i := range n {
		v := newVisitor(fmt.Sprintf("visitor-%03d", i), "http://localhost:"+port, c.transport)
		c.visitors = append(c.visitors, v)
		c.ended.Go(func() { c.stay(ctx, v, think) })
	}
	t.Cleanup(c.end)
	return c
}

func (c *crowd) stay(ctx context.Context, v *visitor, think time.Duration) {
	pause(c.stop, rand.N(think)) // lest all come at once
	v.login(ctx)
	for ctx.Err() == nil && pause(c.stop, think/2+rand.N(think)) {
		if rand.N(pageEvery) == 0 {
			v.page(ctx)
		} else {
			v.visit(ctx)
		}
	}
}

// pause waits, and returns false if it was stopped.
func pause(stop <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-stop:
		return false
	case <-timer.C:
		return true
	}
}

// end lets everyone finish the request that they are making, and go.
func (c *crowd) end() {
	c.once.Do(func() {
		close(c.stop)
		c.ended.Wait()
		c.took = time.Since(c.began)
		c.transport.CloseIdleConnections()
	})
}

// requests returns how many there have been so far.
func (c *crowd) requests() int {
	sum := 0
	for _, v := range c.visitors {
		sum += v.requests()
	}
	return sum
}

// losses returns how many sessions have been lost so far.
func (c *crowd) losses() int {
	sum := 0
	for _, v := range c.visitors {
		v.note(func(l *ledger) { sum += len(l.lost) })
	}
	return sum
}

// awaitRounds waits until each visitor has made n more requests.
func (c *crowd) awaitRounds(t *testing.T, ctx context.Context, n int) {
	t.Helper()
	before := make(map[*visitor]int)
	for _, v := range c.visitors {
		before[v] = v.requests()
	}
	await(t, ctx, fmt.Sprintf("each visitor has made %d more requests", n), func() bool {
		return all(c.visitors, func(v *visitor) bool { return v.requests() >= before[v]+n })
	})
}

// total ends the crowd and sums up what everyone has seen.
func (c *crowd) total() *ledger {
	c.end()
	var sum ledger
	for _, v := range c.visitors {
		sum.add(&v.book)
	}
	return &sum
}
