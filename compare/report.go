package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// A report is one run.
type report struct {
	When     time.Time
	Machine  string
	Go       string
	Node     string            `json:",omitempty"`
	Commit   string            // of this module
	Command  string            // that makes a report like this one
	Versions map[string]string // by module or package
	Absent   []string          // peers that can't be had
	Skipped  []string          // measurements that were left out, and why

	Yardsticks []*yardstick `json:",omitempty"`
	Sizes      []*sizeTable
	Times      []*timeTable
	Requests   []*requestRow `json:",omitempty"`
	Load       []*wrkRow     `json:",omitempty"`
	Growth     *growth       `json:",omitempty"`
	First      *firstUse     `json:",omitempty"`
}

// A yardstick is one of the figures that the library is judged by.
type yardstick struct {
	Figure string
	Value  float64
	Unit   string
}

// Budgets of a run. They don't bound the sizes and the allocations, which take
// some twenty seconds.
type budgets struct {
	times, node, requests, growth time.Duration
	wrkRounds                     int
	crossValidate                 time.Duration // at most; 0: not at all
}

var (
	full  = budgets{times: 120 * time.Second, node: 15 * time.Second, requests: 15 * time.Second, growth: 25 * time.Second, wrkRounds: 5, crossValidate: 90 * time.Second}
	quick = budgets{times: 10 * time.Second, node: 3 * time.Second, requests: 4 * time.Second, growth: 6 * time.Second, wrkRounds: 1}
)

// newReport describes the machine and the program.
func newReport(command string) *report {
	r := &report{
		When: time.Now().UTC().Truncate(time.Second), Machine: machine(), Go: runtime.Version(), Commit: commit(),
		Command: command, Versions: make(map[string]string), Absent: absent,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			r.Versions[module.Path] = module.Version
		}
	}
	return r
}

// machine names the processor and the number of its cores.
func machine() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			name = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
		}
	}
	return fmt.Sprintf("%s, %s, %s", name, count(runtime.NumCPU(), "core"), runtime.GOOS)
}

// commit returns the commit of the tree, if git can tell.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// skip notes a measurement that was left out, if err is of that kind.
func (r *report) skip(err error) error {
	for _, missing := range []error{errNoNode, errNoWrk, errNoCore, errNoTrainer} {
		if errors.Is(err, missing) {
			r.Skipped = append(r.Skipped, err.Error())
			return nil
		}
	}
	return err
}

// measure fills a report: sizes and times of the sets, and all else only if
// these are the usual sets.
func (r *report) measure(ctx context.Context, sets []*set, b budgets, usual bool) error {
	all, err := forms()
	if err != nil {
		return err
	}
	node, err := runNode("node", sets, b.node)
	if err := r.skip(err); err != nil {
		return err
	}
	if node != nil {
		r.Node = node.Node
		for _, f := range node.Forms {
			r.Versions[f.Package] = f.Version
		}
	}
	for _, s := range sets {
		sizes, err := measureSizes(s, all, node)
		if err != nil {
			return err
		}
		r.Sizes = append(r.Sizes, sizes)
	}
	if usual && b.crossValidate > 0 {
		if err := r.skip(r.crossValidate(ctx, b.crossValidate)); err != nil {
			return err
		}
	}
	if r.Times, err = timeSets(sets, all, b.times); err != nil {
		return err
	}
	for _, t := range r.Times {
		t.addNode(node)
	}
	if !usual {
		return nil
	}
	if r.Requests, err = measureRequests(b.requests); err != nil {
		return err
	}
	if r.Growth, err = measureGrowth(all, b.growth); err != nil {
		return err
	}
	if r.First, err = measureFirstUse(); err != nil {
		return err
	}
	if r.Load, err = runWrk(ctx, b.wrkRounds); err != nil {
		if err := r.skip(err); err != nil {
			return err
		}
	}
	return r.judge(sets, all, b.times/8)
}

// crossValidate adds our figures with tables that were trained without the
// session.
func (r *report) crossValidate(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	untrained, err := crossValidate(ctx, "../internal/pack")
	if err != nil {
		return err
	}
	for _, t := range r.Sizes {
		if t.dir != "" {
			if err := t.addUntrained(untrained); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge computes the yardsticks.
func (r *report) judge(sets []*set, all []*form, budget time.Duration) error {
	add := func(figure string, value float64, unit string) {
		r.Yardsticks = append(r.Yardsticks, &yardstick{figure, value, unit})
	}
	eight, corpus := r.Times[0], r.Times[1]
	ours := eight.row(oursName)
	add("eight preferences, sealing / the minimum", ours.Seal.Ratio, "times")
	add("eight preferences, opening / the minimum", ours.Open.Ratio, "times")
	add("corpus, sealing + opening / "+cborXChaChaName, corpus.together(oursName, cborXChaChaName), "times")
	floats, err := sets[1].asFloats()
	if err != nil {
		return err
	}
	t, ops, err := newTimes(floats, []*form{byName(all, minimumName), byName(all, oursName), byName(all, jsonGCMName)})
	if err != nil {
		return err
	}
	if err := interleave(ops, budget); err != nil {
		return err
	}
	add("corpus with numbers as float64, sealing + opening / "+jsonGCMName, t.together(oursName, jsonGCMName), "times")
	for _, row := range r.Requests {
		if row.Site == oursName && row.Access != untouched {
			add("a request, "+row.Access, row.Nanos/1000, "us beyond a bare one")
			add("a request, "+row.Access, row.Allocations, "allocations beyond a bare one")
		}
	}
	for _, sizes := range r.Sizes[1:] {
		for _, name := range []string{brotliName, phoenixName} {
			other, err := sizes.row(name)
			if err != nil {
				return err
			}
			mine, err := sizes.ours()
			if err != nil {
				return err
			}
			add(sizes.Set+", characters / "+name, mine.Mean/other.Mean, "times")
		}
	}
	return nil
}
