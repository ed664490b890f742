package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A process is this program, started again in another role.
type process struct {
	role   string
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr bytes.Buffer // complete once ended is closed
	ended  chan struct{}
	err    error // how it ended
}

// start starts a process that ends with the test at the latest. What it has
// written to its standard error is shown if the test fails.
func start(t *testing.T, role string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{role: role, cmd: exec.Command(self, append([]string{role}, args...)...), ended: make(chan struct{})}
	p.cmd.Stderr = &p.stderr
	p.stdin, err = p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	// A pipe of the test's own: that of StdoutPipe must not be read after Wait.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.stdout = w, bufio.NewReader(r)
	err = p.cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.end()
		r.Close()
		if t.Failed() && p.stderr.Len() > 0 {
			t.Logf("%s %q wrote:\n%s", role, args, tail(p.stderr.Bytes()))
		}
	})
	return p
}

// line returns the next line of output.
func (p *process) line() (string, error) {
	s, err := p.stdout.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s ended early: %w", p.role, err)
	}
	return s[:len(s)-1], nil
}

// stop asks the process to end and waits until it has. Its input stays open
// until then: the end of that would end it as well, and perhaps its handling of
// the signal first.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.wait()
}

// end closes the input, which ends the process, and waits until it has.
func (p *process) end() error {
	p.stdin.Close()
	return p.wait()
}

func (p *process) wait() error {
	select {
	case <-p.ended:
		return p.err
	case <-time.After(15 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not end by itself", p.role)
	}
}

// tail returns the last lines of a log.
func tail(log []byte) []byte {
	const most = 4 << 10
	if len(log) <= most {
		return log
	}
	log = log[len(log)-most:]
	return log[bytes.IndexByte(log, '\n')+1:]
}

// await waits until ok returns true, asking it again and again.
func await(t *testing.T, ctx context.Context, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting until %s: %v", what, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// all reports whether something is true of each of many.
func all[T any](many []T, is func(T) bool) bool {
	return !slices.ContainsFunc(many, func(one T) bool { return !is(one) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
