package e2e

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession"
)

var kills = flag.Int("kills", 60, "how many rotations TestKill kills")

// TestKill kills rotations at random moments, as the kernel does that is out of
// memory, while visitors come to replicas that read the file all the time. Each
// reading must find a whole file, nobody may be logged out, and the next
// rotation that is let live must leave no file behind: a temporary one holds
// all keys.
//
//	go test -run TestKill -kills 500 -v .
func TestKill(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Minute, errors.New("it takes too long"))
	defer cancel()
	tool := buildKeytool(t)
	file := filepath.Join(t.TempDir(), "keyring")
	tool.begin(t, ctx, file)
	var nodes []*node
	var crowds []*crowd
	for _, interval := range []string{"50ms", "300ms"} {
		n := startNode(t, "-keys", file, "-interval", interval)
		nodes, crowds = append(nodes, n), append(crowds, startCrowd(t, ctx, n.addr, 30, think))
	}

	killed, finished, left := 0, 0, 0
	for range *kills {
		cmd := exec.CommandContext(ctx, tool.path, "rotate", "-file", file, "-activate-in", "2s", "-keep", "10s")
		must(t, cmd.Start())
		time.Sleep(rand.N(12 * time.Millisecond))
		_ = cmd.Process.Kill() // it has ended, if it fails
		if err := cmd.Wait(); err != nil {
			killed++
		} else {
			finished++
		}
		if _, err := cookiesession.OpenKeyring(file); err != nil {
			t.Errorf("after a kill: %v", err)
		}
		left = max(left, len(besides(t, file)))
	}
	tool.rotate(t, ctx, file, time.Second)
	if names := besides(t, file); len(names) > 0 {
		t.Errorf("the next rotation has left %q", names)
	}
	t.Logf("%d rotations killed, %d finished before; at most %d temporary files at a time", killed, finished, left)

	var seen ledger
	for _, c := range crowds {
		c.awaitRounds(t, ctx, 5)
		seen.add(c.total())
	}
	checkNothingLost(t, &seen, stopAll(t, nodes))
	t.Logf("%d requests, %d sessions lost", seen.requests, len(seen.lost))
}

// besides returns the names of the files beside a keyring and its lock.
func besides(t *testing.T, file string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	must(t, err)
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".lock"); name != filepath.Base(file) {
			names = append(names, e.Name())
		}
	}
	return names
}
