// Command mutants breaks the code in one place after the other, as the files
// testdata/mutations/*.patch say, and reports which test has noticed. It exits
// 1 if one has gone unnoticed, or if a file no longer fits the code.
//
//	go run ./internal/mutants               all of them
//	go run ./internal/mutants -for 2m       a random sample that takes so long;
//	                                        what has no result then has none
//	go run ./internal/mutants -run cbor     those whose name matches
//	go run ./internal/mutants -check        only look whether they fit
//
// A file has a title, a path, and lines as in a diff, but without numbers. The
// kept and the removed lines have to stand in exactly one place of the package,
// with any indentation.
//
//	A token's text may have bits left over at its end.
//
//	--- crypto.go
//	-var textEncoding = base64.RawURLEncoding.Strict()
//	+var textEncoding = base64.RawURLEncoding
//
// A break that no test can notice has a line "Survives: " with the reason below
// its title.
//
// Nothing in the tree is changed: the compiler gets the changed files as an
// overlay. All breaks inside functions are compiled at once, and a variable of
// the environment selects one, so most take no longer than the test that
// notices them.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	sample := flag.Duration("for", 0, "end after so long, and take the mutations in a random order")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of that order")
	match := flag.String("run", "", "only mutations whose name matches this regular expression")
	check := flag.Bool("check", false, "only look whether the mutations fit the code")
	workers := flag.Int("p", runtime.NumCPU(), "how many tests run at the same time")
	flag.Parse()
	name, err := regexp.Compile(*match)
	if err == nil {
		err = run(os.Stdout, name, *sample, *seed, *check, *workers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reports on the mutations of the module in the working directory.
func run(w io.Writer, name *regexp.Regexp, sample time.Duration, seed uint64, check bool, workers int) error {
	begin := time.Now()
	mutations, err := readMutations("testdata/mutations")
	if err != nil {
		return err
	}
	mutations = slices.DeleteFunc(mutations, func(m *mutation) bool { return !name.MatchString(m.name) })
	if len(mutations) == 0 {
		return errors.New("no mutation has such a name")
	}
	var stale []error
	for _, m := range mutations {
		stale = append(stale, m.locate())
	}
	if err := errors.Join(stale...); err != nil {
		return err
	}
	if check {
		fmt.Fprintf(w, "%d mutations fit the code\n", len(mutations))
		return nil
	}

	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	ctx := context.Background()
	if sample > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, begin.Add(sample))
		defer cancel()
	}
	b := &bench{ctx: ctx, work: work, binaries: make(map[string]*binary)}
	err = b.instrument(mutations)
	if err == nil {
		err = b.list()
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%v is too short to compile the mutations", sample)
	}
	if err != nil {
		return err
	}

	if sample > 0 {
		random := rand.New(rand.NewPCG(seed, 0))
		random.Shuffle(len(mutations), func(i, j int) { mutations[i], mutations[j] = mutations[j], mutations[i] })
		fmt.Fprintf(w, "seed %d\n", seed)
	}
	next := make(chan *mutation)
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed []string
	killed, survived, cut := 0, 0, 0
	for range workers {
		group.Go(func() {
			for m := range next {
				start := time.Now()
				by, err := b.kill(m)
				mu.Lock()
				result := "killed by " + by
				switch {
				case ctx.Err() != nil && (err != nil || by != ""):
					// What failed may have been stopped.
					cut++
					mu.Unlock()
					continue
				case err != nil:
					result = "FAILED: " + err.Error()
					failed = append(failed, m.name)
				case by != "" && m.survives != "":
					result = "FAILED: it is killed by " + by + ", although its file says that it survives"
					failed = append(failed, m.name)
				case by != "":
					killed++
				case m.survives != "":
					result = "survives: " + m.survives
					survived++
				default:
					result = "SURVIVED: " + m.title
					failed = append(failed, m.name)
				}
				fmt.Fprintf(w, "%-32s %5.1f s  %s\n", m.name, time.Since(start).Seconds(), result)
				mu.Unlock()
			}
		})
	}
begin:
	for _, m := range mutations {
		select {
		case next <- m:
		case <-ctx.Done():
			break begin
		}
	}
	close(next)
	group.Wait()
	fmt.Fprintf(w, "%d of %d mutations in %.0f s: %d killed, %d that no test can notice, %d failed\n",
		killed+survived+len(failed), len(mutations), time.Since(begin).Seconds(), killed, survived, len(failed))
	if cut > 0 {
		fmt.Fprintf(w, "%d were stopped by the end of the time\n", cut)
	}
	if sample > 0 && killed+survived+len(failed) == 0 {
		return fmt.Errorf("%v is too short for a single mutation", sample)
	}
	if len(failed) > 0 {
		slices.Sort(failed)
		return fmt.Errorf("failed: %s", strings.Join(failed, " "))
	}
	return nil
}

// A bench builds tests and runs them.
type bench struct {
	ctx     context.Context // of all that it starts
	work    string
	overlay string // of the mutations inside functions
	tests   []testPackage
	paths   map[string]string // of packages, by directory

	mu       sync.Mutex
	binaries map[string]*binary // of those, by import path
}

// A testPackage is a package with tests.
type testPackage struct {
	path, dir string
	deps      map[string]bool // everything that the tests need, itself included
}

// list finds the packages with tests.
func (b *bench) list() error {
	out, err := output(b.command("go", "list", "-test", "-f",
		`{{if .ForTest}}{{else}}{{.ImportPath}}{{"\t"}}{{.Dir}}{{"\t"}}{{join .Deps " "}}{{end}}`, "./..."))
	if err != nil {
		return err
	}
	dirs := make(map[string]string)
	b.paths = make(map[string]string)
	for line := range strings.Lines(out) {
		path, rest, _ := strings.Cut(strings.TrimSpace(line), "\t")
		dir, deps, _ := strings.Cut(rest, "\t")
		dirs[path] = dir
		if !strings.HasSuffix(path, ".test") {
			b.paths[dir] = path
		}
		path, ok := strings.CutSuffix(path, ".test")
		if !ok {
			continue
		}
		test := testPackage{path: path, dir: dirs[path], deps: make(map[string]bool)}
		for dep := range strings.FieldsSeq(deps) {
			test.deps[dep] = true // words of "p [q.test]" do no harm
		}
		b.tests = append(b.tests, test)
	}
	return nil
}

// affected lists the tests that a change of the package in a directory may make
// fail: its own, then those of the others, the module's root first.
func (b *bench) affected(dir string) []testPackage {
	path := b.paths[dir]
	var tests []testPackage
	for _, t := range b.tests {
		if t.dir == dir || t.deps[path] {
			tests = append(tests, t)
		}
	}
	slices.SortStableFunc(tests, func(x, y testPackage) int {
		rank := func(t testPackage) int {
			if t.dir == dir {
				return 0
			}
			return 1 + strings.Count(t.path, "/")
		}
		return cmp.Compare(rank(x), rank(y))
	})
	return tests
}

// kill returns the test that notices a mutation, or "".
func (b *bench) kill(m *mutation) (by string, err error) {
	if m.broken != nil {
		return "", m.broken
	}
	tests := b.affected(m.dir)
	if len(tests) == 0 {
		return "", errors.New("no test needs its package")
	}
	for _, t := range tests {
		bin := b.binary(t)
		if m.number == 0 { // not inside a function
			bin = &binary{test: t, path: filepath.Join(b.work, m.name+".test")}
			overlay, err := writeOverlay(b.work, m.name, map[string]string{m.path: m.changed})
			if err != nil {
				return "", err
			}
			if err := bin.compile(b, overlay); err != nil {
				return "", err
			}
			defer os.Remove(bin.path)
		} else if err := bin.prepare(b); err != nil {
			return "", err
		}
		if by, ok := bin.run(b.ctx, m.number); !ok {
			if t.dir != m.dir {
				by += " of " + t.path
			}
			return by, nil
		}
	}
	return "", nil
}

// A binary is a compiled test. With number 0 it runs the code as it is.
type binary struct {
	test testPackage
	path string

	once sync.Once
	err  error
	skip []string      // tests that fail because the functions are longer
	took time.Duration // as it is
}

func (b *bench) binary(t testPackage) *binary {
	b.mu.Lock()
	defer b.mu.Unlock()
	bin, ok := b.binaries[t.path]
	if !ok {
		bin = &binary{test: t, path: filepath.Join(b.work, fmt.Sprintf("%d.test", len(b.binaries)))}
		b.binaries[t.path] = bin
	}
	return bin
}

// prepare compiles the test, once, and looks whether it passes.
func (bin *binary) prepare(b *bench) error {
	bin.once.Do(func() {
		if bin.err = bin.compile(b, b.overlay); bin.err != nil {
			return
		}
		start := time.Now()
		by, ok := bin.run(b.ctx, 0)
		for !ok && len(bin.skip) < 5 && strings.HasPrefix(by, "Test") {
			// A test that counts allocations may fail.
			fmt.Printf("%s of %s is left out: it fails without a mutation\n", by, bin.test.path)
			bin.skip = append(bin.skip, by)
			start = time.Now()
			by, ok = bin.run(b.ctx, 0)
		}
		if !ok {
			bin.err = fmt.Errorf("the tests of %s fail without a mutation: %s", bin.test.path, by)
		}
		bin.took = time.Since(start)
	})
	return bin.err
}

func (bin *binary) compile(b *bench, overlay string) error {
	_, err := output(b.command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", bin.path, bin.test.path))
	return err
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// running finds a test in the stack of a panic.
var running = regexp.MustCompile(`\.((?:Test|Fuzz|Example)\w*)[(.]`)

// run runs the tests until one fails, and returns its name.
func (bin *binary) run(ctx context.Context, number int) (by string, ok bool) {
	limit := 10*bin.took + 2*time.Minute // a test that takes longer hangs
	args := []string{"-test.failfast", "-test.short", "-test.timeout", limit.String()}
	if len(bin.skip) > 0 {
		args = append(args, "-test.skip", "^("+strings.Join(bin.skip, "|")+")$")
	}
	ctx, cancel := context.WithTimeout(ctx, limit+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin.path, args...)
	cmd.Dir = bin.test.dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", selector, number))
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", true
	}
	if found := failure.FindSubmatch(out); found != nil {
		return string(found[1]), false
	}
	by = err.Error()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			by = strings.TrimSpace(line)
			break
		}
	}
	if found := running.FindSubmatch(out); found != nil {
		by = string(found[1]) + ", " + by
	}
	return by, false
}

// command is one that ends with the time of the bench. The compiler that go
// started may still hold its output then.
func (b *bench) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd
}

// output runs a command. The command's output becomes the error text.
func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %s", strings.Join(cmd.Args, " "), exit.Stderr)
	}
	return string(out), err
}
