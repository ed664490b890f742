package main

import (
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
