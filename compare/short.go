package main

import (
	"fmt"
	"io"
	"slices"
)

// shortForms are those of the README's short tables.
var shortForms = []string{
	untrainedName, oursName, minimumName, cborXChaChaName, jsonGCMName, "fiber encryptcookie, JSON", "Fernet, fernet-go, JSON",
	"PASETO v4.local, go-paseto", "JWE, go-jose, dir + A256GCM", gorillaName, "iron-session", phoenixName, "Rails encrypted cookie",
}

// writeShortSizes writes mean and median characters.
func (r *report) writeShortSizes(w io.Writer) {
	head := []string{"mean / median characters"}
	for _, t := range slices.Backward(r.Sizes) { // real ones first
		head = append(head, fmt.Sprintf("%s (%d)", t.Set, total(t.Count)))
	}
	out := newTable(head...)
	for _, name := range shortForms {
		cells := []any{bold(name)}
		some := false
		for _, t := range slices.Backward(r.Sizes) {
			row, err := t.row(name)
			switch {
			case name == minimumName || err != nil:
				cells = append(cells, "")
				continue
			case total(t.Count) == 1:
				cells = append(cells, row.Mean)
			default:
				cells = append(cells, number(row.Mean)+" / "+number(row.Median))
			}
			some = true
		}
		if some {
			out.add(cells...)
		}
	}
	out.write(w)
}

// writeShortTimes writes the ratios to the minimum and the allocations, for the
// first and the last set.
func (r *report) writeShortTimes(w io.Writer) {
	head := []string{"x the minimum (allocations)"}
	tables := []*timeTable{r.Times[0], r.Times[len(r.Times)-1]}
	for _, t := range tables {
		head = append(head, "seal: "+t.Set, "open: "+t.Set)
	}
	out := newTable(head...)
	for _, name := range shortForms {
		cells := []any{bold(name)}
		for _, t := range tables {
			for _, row := range t.Rows {
				if row.Form != name || row.Group == inNode {
					continue
				}
				for _, c := range []cost{row.Seal, row.Open} {
					cells = append(cells, fmt.Sprintf("%s (%s)", number(c.Ratio), number(c.Allocations)))
				}
			}
		}
		if len(cells) == len(head) {
			out.add(cells...)
		}
	}
	out.write(w)
}

// writeShortRequests writes the cost of a request.
func (r *report) writeShortRequests(w io.Writer) {
	out := newTable("us beyond a bare request (allocations)", untouched, read, changed)
	for _, site := range r.Requests[:len(r.Requests)/len(accesses)] {
		cells := []any{bold(site.Site)}
		for _, row := range r.Requests {
			if row.Site == site.Site {
				cells = append(cells, fmt.Sprintf("%.1f (%.0f)", row.Nanos/1000, row.Allocations))
			}
		}
		out.add(cells...)
	}
	out.write(w)
}
