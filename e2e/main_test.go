package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"example.com/cookiesession/e2e/replica"
)

// TestMain is three programs: the tests, the replicas that they start, and the
// guards of what else they start.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "replica":
		exit(replica.Run(os.Args[2:], os.Stdin, os.Stdout))
	case "guard":
		exit(guard(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// guard runs a command until it ends by itself or the guard's input does, which
// is when the test's process ends, however it ends. That keeps programs from
// being left behind that do not look after it themselves.
func guard(args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	orphaned := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(orphaned)
	}()
	select {
	case err := <-ended:
		return err
	case <-orphaned:
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // it has ended, if it fails
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-ended
	}
	return nil
}
