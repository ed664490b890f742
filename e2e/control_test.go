package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

// TestWithoutSchedule is the control of [TestRotation]: the same fleet and the
// same crowd, but the new key is put first, without a date, in one replica's
// file after the other's, and replicas don't read early. That is how keys are
// rotated where nothing else is on offer, and it has to cost sessions here,
// else the proof proves nothing.
func TestWithoutSchedule(t *testing.T) {
	findNginx(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it takes too long"))
	defer cancel()
	dir, older, newer := t.TempDir(), cookiesession.NewKey(), cookiesession.NewKey()
	var nodes []*node
	var files []string
	for _, name := range []string{"one", "two", "three"} {
		file := filepath.Join(dir, name)
		writeKeys(t, file, older)
		files = append(files, file)
		nodes = append(nodes, startNode(t, "-keys", file, "-interval", "100ms", "-early=false"))
	}
	crowd := startCrowd(t, ctx, startNginx(t, ctx, "", addrs(nodes)...).addr, visitors, think)
	crowd.awaitRounds(t, ctx, 5)
	if lost := crowd.losses(); lost > 0 {
		t.Fatalf("%d sessions were lost before anything was changed", lost)
	}

	for i, n := range nodes {
		writeKeys(t, files[i], newer, older)
		await(t, ctx, "the replica seals with the new key", func() bool { return n.sealing() == newer.ID() })
		crowd.awaitRounds(t, ctx, 5)
	}

	// With the last one the fleet is of one mind again.
	before := crowd.losses()
	crowd.awaitRounds(t, ctx, 5)
	if after := crowd.losses(); after != before {
		t.Errorf("%d sessions were lost when all replicas had the key", after-before)
	}

	seen := crowd.total()
	events := stopAll(t, nodes)
	crowd.report(t, seen)
	reportEvents(t, events)
	if len(seen.lost) == 0 || events.Of("refused unknown-key") == 0 {
		t.Error("no session was lost, so that TestRotation would pass without the schedule")
	}
	if len(seen.errors) > 0 {
		t.Errorf("%d requests failed:\n\t%s", len(seen.errors), few(seen.errors))
	}
}

// writeKeys writes a keyring file without dates, as it is done by hand.
func writeKeys(t *testing.T, file string, keys ...cookiesession.Key) {
	t.Helper()
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(k.Secret() + "\n")
	}
	must(t, os.WriteFile(file+".new", []byte(text.String()), 0o600))
	must(t, os.Rename(file+".new", file))
}
