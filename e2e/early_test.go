package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestEarlyReload lets a crowd that one replica has moved to a new key come,
// all at once, to one that will not look at the keyring file for an hour. It
// has to open their cookies. One that may not read early is there to show that
// it would not have done so otherwise.
func TestEarlyReload(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	tool := buildKeytool(t)
	var older string
	file := newMount(t, func(file string) { older = tool.begin(t, ctx, file) }).file()
	slow := startNode(t, "-keys", file, "-interval", "1h")
	blind := startNode(t, "-keys", file, "-interval", "1h", "-early=false")
	for _, n := range []*node{slow, blind} {
		await(t, ctx, "a replica has read the file for the last time", func() bool { return n.state().Polled })
	}
	newer := tool.rotate(t, ctx, file, time.Second)
	fast := startNode(t, "-keys", file)
	await(t, ctx, "the fast replica seals with the new key", func() bool { return fast.sealing() == newer })

	group := newGroup(t, 50)
	group.each(func(v *visitor) {
		v.site = fast.site()
		v.login(ctx)
	})
	if first := group[0]; !first.hasHeld(newer) {
		t.Fatalf("the fast replica sealed with another key than %s", newer)
	}
	for _, n := range []*node{slow, blind} {
		if key := n.sealing(); key != older {
			t.Fatalf("a replica seals with %s before anyone has come, expected %s", key, older)
		}
	}

	group.each(func(v *visitor) {
		v.site = slow.site()
		v.visit(ctx)
	})
	seen := group.total()
	t.Logf("%d visitors at once with a key that the replica had not read of: %d sessions lost, %d requests failed", len(group), len(seen.lost), len(seen.errors))
	if len(seen.lost)+len(seen.errors) > 0 {
		t.Errorf("sessions were lost or requests failed:\n\t%s", few(append(seen.lost, seen.errors...)))
	}
	if key := slow.sealing(); key != newer {
		t.Errorf("the replica seals with %s, expected %s", key, newer)
	}

	group.each(func(v *visitor) {
		v.site = blind.site()
		v.visit(ctx)
	})
	if lost := len(group.total().lost); lost != len(group) {
		t.Errorf("without an early reload %d sessions were lost, expected all %d", lost, len(group))
	}
}

// A group is a crowd in which everybody does the same at the same time.
type group []*visitor

func newGroup(t *testing.T, n int) (g group) {
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections) // a replica waits for them before it ends
	for i := range n {
		g = append(g, newVisitor(fmt.Sprintf("visitor-%03d", i), "", transport))
	}
	return g
}

func (g group) each(do func(*visitor)) {
	var ended sync.WaitGroup
	for _, v := range g {
		ended.Go(func() { do(v) })
	}
	ended.Wait()
}

func (g group) total() *ledger {
	var sum ledger
	for _, v := range g {
		sum.add(&v.book)
	}
	return &sum
}

// site returns the replica's address as a browser would be given it.
func (n *node) site() string {
	return "http://" + strings.Replace(n.addr, "127.0.0.1", "localhost", 1)
}
