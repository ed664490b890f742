package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/e2e/replica"
)

// A node is a replica, which may have several lives.
type node struct {
	addr    string
	args    []string
	process *process
	past    replica.Tally // events of earlier lives
}

// startNode starts a replica with those flags.
func startNode(t *testing.T, args ...string) *node {
	t.Helper()
	n := &node{args: args, past: make(replica.Tally)}
	n.run(t)
	return n
}

func (n *node) run(t *testing.T) {
	t.Helper()
	args := n.args
	if n.addr != "" {
		args = append(slices.Clone(args), "-listen", n.addr)
	}
	n.process = start(t, "replica", args...)
	addr, err := n.process.line()
	must(t, err)
	n.addr = addr
}

// state asks the replica itself, past nginx. It is zero if there is no answer.
func (n *node) state() (s replica.State) {
	response, err := http.Get("http://" + n.addr + replica.StatePath)
	if err != nil {
		return s
	}
	defer response.Body.Close()
	_ = json.NewDecoder(response.Body).Decode(&s) // half a state is none that anybody waits for
	return s
}

// sealing returns the id of the key that the replica seals with.
func (n *node) sealing() string {
	for _, k := range n.state().Keys {
		if k.State == cookiesession.KeySealing {
			return k.ID
		}
	}
	return ""
}

// stop ends the replica as a deployment does, and keeps its tally.
func (n *node) stop(t *testing.T) {
	t.Helper()
	must(t, n.process.stop())
	line, err := n.process.line()
	must(t, err)
	var s replica.State
	must(t, json.Unmarshal([]byte(line), &s))
	n.past.Add(s.Events)
}

// restart stops the replica and starts it again at its address.
func (n *node) restart(t *testing.T, down time.Duration) {
	t.Helper()
	n.stop(t)
	time.Sleep(down)
	n.run(t)
}

// stopAll stops replicas and sums up their events.
func stopAll(t *testing.T, nodes []*node) replica.Tally {
	t.Helper()
	events := make(replica.Tally)
	for _, n := range nodes {
		n.stop(t)
		events.Add(n.past)
	}
	return events
}
