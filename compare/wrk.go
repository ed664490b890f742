package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A wrkRow is a site under load by wrk: the server on one core, wrk on another.
type wrkRow struct {
	Site   string
	Access string
	Rate   float64       // requests a second, the best round
	Share  float64       // of the server without sessions, median of the rounds
	P99    time.Duration // of the best round
}

var (
	errNoWrk  = errors.New("wrk or taskset is not installed (Debian's packages wrk and util-linux), so no server is put under load")
	errNoCore = errors.New("there is one core, and a server under load needs one beside wrk's")
)

// wrkTargets are the sites in the order of the table; the first has no session.
func wrkTargets(all []*site) (targets []wrkRow) {
	targets = append(targets, wrkRow{Site: "no session"})
	for _, s := range all {
		for _, access := range accesses {
			if s.name == oursName || access == changed {
				targets = append(targets, wrkRow{Site: s.name, Access: access})
			}
		}
	}
	return targets
}

func (r *wrkRow) path() string { return "/" + strings.ReplaceAll(r.Site, " ", "-") + "/" + r.Access }

// serve is the server that wrk loads. It prints its address, and stops when its
// standard input is closed.
func serve(in io.Reader, out io.Writer) error {
	all, err := sites()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for _, target := range wrkTargets(all) {
		i := slices.IndexFunc(all, func(s *site) bool { return s.name == target.Site })
		if i < 0 {
			mux.Handle(target.path(), bare)
			continue
		}
		mux.Handle(target.path(), all[i].handler(target.Access))
		mux.HandleFunc(target.path()+"/cookie", func(w http.ResponseWriter, _ *http.Request) {
			cookie, err := all[i].cookie()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = io.WriteString(w, cookie)
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = server.Close()
	}()
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// runWrk puts the server under load, each target for a second a round.
func runWrk(ctx context.Context, rounds int) ([]*wrkRow, error) {
	for _, tool := range []string{"wrk", "taskset"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, errNoWrk
		}
	}
	if runtime.NumCPU() < 2 {
		return nil, errNoCore
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, "taskset", "-c", "0", self, "-serve")
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = in.Close() // which ends it
		_ = server.Wait()
	}()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server has not started: %w", err)
	}
	return loadTargets(ctx, strings.TrimSpace(address), rounds)
}

func loadTargets(ctx context.Context, address string, rounds int) ([]*wrkRow, error) {
	all, err := sites()
	if err != nil {
		return nil, err
	}
	targets := wrkTargets(all)
	cookies := make([]string, len(targets))
	for i, target := range targets {
		if target.Access == "" {
			continue
		}
		if cookies[i], err = get(ctx, address+target.path()+"/cookie"); err != nil {
			return nil, err
		}
	}
	shares := make([][]float64, len(targets))
	rows := make([]*wrkRow, len(targets))
	for i := range targets {
		rows[i] = &targets[i]
	}
	for range rounds {
		rates := make([]float64, len(targets))
		for i, row := range rows {
			rate, p99, err := wrk(ctx, address+row.path(), cookies[i])
			if err != nil {
				return nil, err
			}
			if rates[i] = rate; rate > row.Rate {
				row.Rate, row.P99 = rate, p99
			}
		}
		for i, rate := range rates {
			shares[i] = append(shares[i], rate/rates[0])
		}
	}
	for i, row := range rows {
		row.Share = median(shares[i])
	}
	return rows, nil
}

func get(ctx context.Context, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", url, response.StatusCode, body)
	}
	return string(body), err
}

var (
	wrkRate   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkP99    = regexp.MustCompile(`99%\s+([0-9.]+[mu]?s)`)
	wrkErrors = regexp.MustCompile(`Non-2xx or 3xx responses: .*|Socket errors: .*`)
)

// wrk loads one URL for a second.
func wrk(ctx context.Context, url, cookie string) (rate float64, p99 time.Duration, err error) {
	args := []string{"-c", "1", "wrk", "-t", "1", "-c", "16", "-d", "1s", "--latency"}
	if cookie != "" {
		args = append(args, "-H", "Cookie: "+cookie)
	}
	out, err := exec.CommandContext(ctx, "taskset", append(args, url)...).CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	return readWrk(out)
}

// readWrk reads the output of wrk.
func readWrk(out []byte) (rate float64, p99 time.Duration, err error) {
	if failed := wrkErrors.Find(out); failed != nil {
		return 0, 0, fmt.Errorf("wrk: %s", failed)
	}
	rates, slowest := wrkRate.FindSubmatch(out), wrkP99.FindSubmatch(out)
	if rates == nil || slowest == nil {
		return 0, 0, fmt.Errorf("wrk has printed something else: %s", out)
	}
	if rate, err = strconv.ParseFloat(string(rates[1]), 64); err != nil {
		return 0, 0, err
	}
	p99, err = time.ParseDuration(string(slowest[1]))
	return rate, p99, err
}
