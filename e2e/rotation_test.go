package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/cookiesession/e2e/replica"
)

const (
	visitors    = 200
	think       = 90 * time.Millisecond // 200 visitors make about 2,000 requests a second
	minRequests = 50_000

	// activateIn is longer than any replica's interval, so that those with a
	// right clock have a key before it is activated.
	activateIn = 3 * time.Second
)

// intervals are how often each replica reads its file. The first one's clock is
// wrong. It reads most often, so that where it is ahead the others learn of a
// key from the cookies that it seals.
var intervals = []time.Duration{300 * time.Millisecond, 1100 * time.Millisecond, 1700 * time.Millisecond}

// TestRotation rotates keys three times under a crowd of visitors, while a
// replica is restarted and the keyring file is broken, mended and exchanged.
// Nobody may be logged out, no count may be lost and no logout undone, although
// pages make requests in parallel, and replicas may not rewrite what the others
// have sealed, although the clock of one is wrong: behind, so that it goes on
// sealing with an old key for four minutes, or ahead, so that it seals with a
// key before the others do, and before they have read of it.
func TestRotation(t *testing.T) {
	for _, skew := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		t.Run("clock="+skew.String(), func(t *testing.T) { testRotation(t, skew) })
	}
}

func testRotation(t *testing.T, skew time.Duration) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, errors.New("it takes too long"))
	defer cancel()
	f := startFleet(t, ctx, skew)
	crowd := startCrowd(t, ctx, f.nginx.addr, visitors, think)
	crowd.awaitRounds(t, ctx, 5)

	// settle waits until a new key has reached everybody.
	settle := func(key string) {
		t.Helper()
		f.keys = append(f.keys, key)
		await(t, ctx, "the replicas seal with the new key", func() bool {
			return all(f.right, func(n *node) bool { return n.sealing() == key })
		})
		await(t, ctx, "each visitor has had a cookie of the new key", func() bool {
			return all(crowd.visitors, func(v *visitor) bool { return v.hasHeld(key) })
		})
		crowd.awaitRounds(t, ctx, 5)
	}

	settle(f.tool.rotate(t, ctx, f.mount.file(), activateIn))

	f.nodes[2].restart(t, 500*time.Millisecond)
	crowd.awaitRounds(t, ctx, 5)

	settle(f.tool.rotate(t, ctx, f.mount.file(), activateIn))

	text := f.mount.cut(t)
	await(t, ctx, "each replica has refused the broken file twice", func() bool {
		return all(f.nodes, func(n *node) bool { return n.state().Events.Of("keys-refused") >= 2 })
	})
	f.mount.mend(t, text)

	var key string
	f.mount.swap(t, func(file string) { key = f.tool.rotate(t, ctx, file, activateIn) })
	settle(key)

	await(t, ctx, "there are enough requests", func() bool { return crowd.requests() >= minRequests })
	seen := crowd.total()
	events := stopAll(t, f.nodes)
	crowd.report(t, seen)
	reportKeys(t, crowd, f.keys, events)
	t.Logf("nginx: %s; %d requests went on to another replica", f.nginx.failovers(t), seen.passedOn)
	reportEvents(t, events)

	checkNothingLost(t, seen, events)
	for _, v := range crowd.visitors {
		checkMoves(t, v, f.keys)
	}
}

// A fleet is three replicas that share a keyring file, behind nginx.
type fleet struct {
	tool  keytool
	mount *mount
	keys  []string // ids, oldest first
	nodes []*node
	right []*node // those whose clock is right
	nginx *nginx
}

// startFleet starts a fleet whose first replica's clock is off by skew.
func startFleet(t *testing.T, ctx context.Context, skew time.Duration) *fleet {
	t.Helper()
	findNginx(t) // before anything is built
	f := &fleet{tool: buildKeytool(t)}
	f.mount = newMount(t, func(file string) { f.keys = append(f.keys, f.tool.begin(t, ctx, file)) })
	for i, interval := range intervals {
		args := []string{"-keys", f.mount.file(), "-interval", interval.String()}
		if i == 0 {
			args = append(args, "-clock", skew.String())
		}
		f.nodes = append(f.nodes, startNode(t, args...))
	}
	f.right = f.nodes[1:]
	f.nginx = startNginx(t, ctx, "", addrs(f.nodes)...)
	return f
}

func checkNothingLost(t *testing.T, seen *ledger, events replica.Tally) {
	t.Helper()
	if len(seen.lost) > 0 {
		t.Errorf("%d sessions were lost:\n\t%s", len(seen.lost), few(seen.lost))
	}
	if len(seen.errors) > 0 {
		t.Errorf("%d requests failed:\n\t%s", len(seen.errors), few(seen.errors))
	}
	if seen.extra > 0 {
		t.Errorf("requests that changed nothing, beside others, set %d cookies", seen.extra)
	}
	for _, kind := range []string{"refused", "replaced", "duplicate", "save-failed", "late"} {
		if n := events.Of(kind); n > 0 {
			t.Errorf("%d events %q", n, kind)
		}
	}
}

// checkMoves checks what a visitor was sent at each rotation.
func checkMoves(t *testing.T, v *visitor, keys []string) {
	t.Helper()
	for key, c := range v.book.byKey(keys) {
		switch {
		case c.back > 0:
			t.Errorf("%s was moved back from key %s %d times", v.name, key, c.back)
		case c.resealed > 1:
			t.Errorf("%s was moved to key %s %d times without a change", v.name, key, c.resealed)
		}
	}
}
