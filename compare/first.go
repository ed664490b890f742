package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"example.com/cookiesession"
)

// A firstUse is the cost of the first codec of a process and its first session,
// which make the plan of a type and read the packer's tables from the program's
// file, and of the second ones.
type firstUse struct {
	Nanos, NextNanos float64
	Bytes, NextBytes float64 // allocated
}

// printFirstUse makes two codecs in a process that has made none.
func printFirstUse(out io.Writer) error {
	var use firstUse
	var err error
	if use.Nanos, use.Bytes, err = useOnce(); err != nil {
		return err
	}
	if use.NextNanos, use.NextBytes, err = useOnce(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(use)
}

// useOnce makes a keyring and a codec, and seals and opens a session.
func useOnce() (nanos, bytes float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	keys, err := newKeyring()
	if err != nil {
		return 0, 0, err
	}
	codec, err := cookiesession.NewCodec(keys, nil)
	if err != nil {
		return 0, 0, err
	}
	text, err := codec.Encode(cookieName, &eight)
	if err != nil {
		return 0, 0, err
	}
	if err := codec.Decode(cookieName, text, new(preferences)); err != nil {
		return 0, 0, err
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return float64(took), float64(after.TotalAlloc - before.TotalAlloc), nil
}

// measureFirstUse takes medians over several processes.
func measureFirstUse() (*firstUse, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	const processes = 15
	var all [4][]float64
	for range processes {
		out, err := exec.Command(self, "-first").Output()
		if err != nil {
			return nil, fmt.Errorf("the first use in a process: %w", err)
		}
		var use firstUse
		if err := json.Unmarshal(out, &use); err != nil {
			return nil, err
		}
		for i, v := range []float64{use.Nanos, use.NextNanos, use.Bytes, use.NextBytes} {
			all[i] = append(all[i], v)
		}
	}
	return &firstUse{median(all[0]), median(all[1]), median(all[2]), median(all[3])}, nil
}

func (r *report) writeFirst(w io.Writer) {
	f := r.First
	fmt.Fprintf(w, "The first keyring, codec and session of a process take %s ms and allocate %.0f KB; the second ones %s ms and %.0f KB.\n",
		number(f.Nanos/1e6), f.Bytes/1000, number(f.NextNanos/1e6), f.NextBytes/1000)
}
