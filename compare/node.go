package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// nodeResult is the output of node/peers.mjs.
type nodeResult struct {
	Node  string
	Forms []nodeForm
}

type nodeForm struct {
	Name, Package, Version, Note string
	Sets                         map[string]nodeSet
}

// A nodeSet is one form's figures for one set. Times are nanoseconds, 0 if they
// are not measured.
type nodeSet struct {
	Chars      []int
	Seal, Open float64
}

var errNoNode = errors.New("peers on Node are left out")

// runNode measures the peers that run on Node, in a process of their own. dir
// is where peers.mjs is.
func runNode(dir string, sets []*set, budget time.Duration) (*nodeResult, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: node is not installed", errNoNode)
	}
	if err := installed(dir); err != nil {
		return nil, err
	}
	type nodeInput struct {
		Name     string            `json:"name"`
		Sessions []json.RawMessage `json:"sessions"`
	}
	var inputs []nodeInput
	for _, s := range sets {
		in := nodeInput{Name: s.Name}
		for _, session := range s.sessions {
			in.Sessions = append(in.Sessions, session.text)
		}
		inputs = append(inputs, in)
	}
	text, err := json.Marshal(map[string]any{"milliseconds": budget.Milliseconds(), "sets": inputs})
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(node, "peers.mjs")
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(text)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("node peers.mjs: %w: %s", err, complaint.Bytes())
	}
	result := new(nodeResult)
	if err := json.Unmarshal(out, result); err != nil {
		return nil, fmt.Errorf("node peers.mjs: %w", err)
	}
	return result, nil
}

// installed installs the packages of package-lock.json, unless they are there.
func installed(dir string) error {
	if exec.Command("npm", "ls", "--prefix", dir, "--silent").Run() == nil {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: npm ci in %s: %w: %s", errNoNode, dir, err, out)
	}
	return nil
}

// rows returns the sizes of a set's sessions in Node's forms.
func (n *nodeResult) rows(s *set) (rows []*sizeRow) {
	if n == nil {
		return nil
	}
	for _, f := range n.Forms {
		rows = append(rows, &sizeRow{Form: f.Name, Group: inNode, Note: f.Note, chars: f.Sets[s.Name].Chars})
	}
	return rows
}
