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

// A firstUse is the cost of the first session in a process, which builds the
// packer's tables and the plan of a type, and of the second one.
type firstUse struct {
	Nanos, NextNanos float64
	Bytes, NextBytes float64 // allocated
}

// printFirstUse seals and opens two sessions in a process that has sealed none.
func printFirstUse(out io.Writer) error {
	keys, err := newKeyring()
	if err != nil {
		return err
	}
	codec, err := cookiesession.NewCodec(keys, nil)
	if err != nil {
		return err
	}
	var use firstUse
	if use.Nanos, use.Bytes, err = sealAndOpen(codec); err != nil {
		return err
	}
	if use.NextNanos, use.NextBytes, err = sealAndOpen(codec); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(use)
}

func sealAndOpen(codec *cookiesession.Codec) (nanos, bytes float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
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
	fmt.Fprintf(w, "The first session of a process takes %s ms and allocates %.0f KB, to be sealed and opened; the second one takes %s us and %.0f bytes.\n",
		number(f.Nanos/1e6), f.Bytes/1000, number(f.NextNanos/1e3), f.NextBytes)
}
