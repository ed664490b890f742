package main

import (
	"fmt"
	"slices"
)

// A sizeRow has the sizes of a set's sessions in one form.
type sizeRow struct {
	Form   string
	Group  group
	Note   string             `json:",omitempty"`
	Mean   float64            // characters of a cookie's value
	Median float64            //
	Share  float64            // of the JSON text's characters, in all
	Over   int                // sessions too large for one cookie
	Kinds  map[string]float64 // mean by kind

	chars []int // by session
}

// A sizeTable compares the forms on one set.
type sizeTable struct {
	Set   string
	Kinds []string
	Count map[string]int // sessions by kind
	JSON  float64        // mean bytes of the JSON text
	Rows  []*sizeRow

	dir string
}

// measureSizes seals each session in each form. Node's forms have done so
// before.
func measureSizes(s *set, all []*form, node *nodeResult) (*sizeTable, error) {
	t := &sizeTable{Set: s.Name, dir: s.dir, Kinds: s.kinds(), Count: make(map[string]int)}
	total := 0
	for _, session := range s.sessions {
		t.Count[session.kind]++
		total += len(session.text)
	}
	t.JSON = float64(total) / float64(len(s.sessions))
	for _, f := range all {
		row := &sizeRow{Form: f.name, Group: f.group, Note: f.note}
		for _, session := range s.sessions {
			n, err := f.size(session)
			if err != nil {
				return nil, err
			}
			row.chars = append(row.chars, n)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Rows = append(t.Rows, node.rows(s)...)
	for _, row := range t.Rows {
		row.sum(s, total)
	}
	return t, nil
}

func (f *form) size(s session) (int, error) {
	if f.chars != nil {
		return f.chars(s)
	}
	text, err := f.check(s)
	return len(text), err
}

// sum computes a row's figures from its characters.
func (r *sizeRow) sum(s *set, jsonBytes int) {
	r.Kinds = make(map[string]float64)
	count := make(map[string]float64)
	all := 0
	for i, session := range s.sessions {
		n := r.chars[i]
		all += n
		count[session.kind]++
		r.Kinds[session.kind] += float64(n)
		if len(cookieName)+n > cookieLimit {
			r.Over++
		}
	}
	for kind := range r.Kinds {
		r.Kinds[kind] /= count[kind]
	}
	r.Mean = float64(all) / float64(len(s.sessions))
	r.Median = median(r.chars)
	r.Share = float64(all) / float64(jsonBytes)
}

// median returns the middle of values.
func median[T int | float64](values []T) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (float64(sorted[(n-1)/2]) + float64(sorted[n/2])) / 2
}

func (t *sizeTable) row(form string) (*sizeRow, error) {
	for _, row := range t.Rows {
		if row.Form == form {
			return row, nil
		}
	}
	return nil, fmt.Errorf("no sizes of %s", form)
}
