package main

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestReadWrk(t *testing.T) {
	const good = `Running 1s test @ http://127.0.0.1:40000/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   346.28us  412.31us   6.25ms   92.10%
  Latency Distribution
     50%  231.00us
     75%  301.00us
     90%  647.00us
     99%    2.05ms
  51234 requests in 1.00s, 6.11MB read
Requests/sec:  51201.11
`
	rate, p99, err := readWrk([]byte(good))
	if rate != 51201.11 || p99 != 2050*time.Microsecond || err != nil {
		t.Errorf("%v, %v, %v", rate, p99, err)
	}
	for name, out := range map[string]string{
		"nothing":        "",
		"refused":        "unable to connect to 127.0.0.1:40000 Connection refused\n",
		"other statuses": good + "  Non-2xx or 3xx responses: 51234\n",
	} {
		if _, _, err := readWrk([]byte(out)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestServe checks that the server that wrk loads answers every target, with a
// session in those that have one, and that it stops when it is told to.
func TestServe(t *testing.T) {
	stdin, stop := io.Pipe()
	stdout, out := io.Pipe()
	done := make(chan error)
	go func() { done <- serve(stdin, out) }()
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	all, err := sites()
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range wrkTargets(all) {
		url := address + target.path()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if target.Access != "" {
			cookie, err := get(t.Context(), url+"/cookie")
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Cookie", cookie)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || string(body) != "ok" {
			t.Errorf("%s: status %d, %q, %v", url, response.StatusCode, body, err)
		}
		if set := len(response.Cookies()) > 0; set != (target.Access == changed) {
			t.Errorf("%s: a cookie was set: %v", url, set)
		}
	}
	if _, err := get(t.Context(), address+"/none"); err == nil {
		t.Error("there is a target that nobody asked for")
	}
	_ = stop.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
