package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"
)

// A requestRow is the cost of a request beyond one without a session, through
// the handler alone.
type requestRow struct {
	Site        string
	Access      string
	Nanos       float64 // beyond the bare handler, median
	Times       float64 // the bare handler's time, median ratio
	ToOurs      float64 // median ratio of the times beyond
	Allocations float64 // beyond the bare handler
}

// measureRequests times requests to all sites. Each gets the same request anew.
func measureRequests(budget time.Duration) ([]*requestRow, error) {
	all, err := sites()
	if err != nil {
		return nil, err
	}
	none := requestOperation("no session", bare, "")
	var rows []*requestRow
	var ops []*operation
	for _, access := range accesses {
		for _, s := range all {
			header, err := s.cookie()
			if err != nil {
				return nil, err
			}
			op := requestOperation(s.name+", "+access, s.handler(access), header)
			op.reference = none
			ops = append(ops, op)
			rows = append(rows, &requestRow{Site: s.name, Access: access})
		}
	}
	if err := interleave(ops, budget); err != nil {
		return nil, err
	}
	least, err := none.allocations()
	if err != nil {
		return nil, err
	}
	nothing := median(none.nanos)
	for i, row := range rows {
		mine := ops[slices.IndexFunc(rows, func(r *requestRow) bool { return r.Site == oursName && r.Access == row.Access })]
		row.Times = median(measured(ops[i].ratios))
		row.Nanos = max(0, nothing*(row.Times-1))
		row.ToOurs = between(ops[i], mine, func(a, b float64) float64 { return max(0, a-1) / (b - 1) })
		allocations, err := ops[i].allocations()
		if err != nil {
			return nil, err
		}
		row.Allocations = allocations - least
	}
	return rows, nil
}

func requestOperation(name string, handler http.Handler, cookie string) *operation {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	w := &discard{header: make(http.Header)}
	r := new(http.Request)
	return &operation{name: name, n: 1, pass: func() error {
		clear(w.header)
		w.status = 0
		*r = *request // gorilla/sessions changes the request that it is given
		handler.ServeHTTP(w, r)
		if w.status >= http.StatusBadRequest {
			return fmt.Errorf("status %d", w.status)
		}
		return nil
	}}
}

// discard is a ResponseWriter that costs nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }
