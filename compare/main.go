// Compare measures this library beside its peers, on this machine, in one run:
// the characters of the same sessions, the time and the allocations to seal and
// open them, the cost of a request, and how all that grows.
//
//	go run .                      # everything, in some five minutes
//	go run . -quick               # the same in one, with coarser times
//	go run . -sessions DIR        # your own sessions, a JSON document each
//
// docs/COMPARE.md has its tables and explains them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
)

func main() {
	// The library logs some of the cookies that don't open. That is no result.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "compare:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick, json, serve, first bool
	sessions, svg             string
	documents                 []string
}

func run(ctx context.Context, in io.Reader, out io.Writer, args []string) error {
	var o options
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	fs.BoolVar(&o.quick, "quick", false, "take a minute, not five")
	fs.BoolVar(&o.json, "json", false, "print JSON, not tables")
	fs.StringVar(&o.sessions, "sessions", "", "compare the sessions in `directory`, a JSON document each, alone")
	fs.StringVar(&o.svg, "svg", "", "write the charts to `directory`")
	fs.Func("write", "put tables into a Markdown `file`, between its markers; more than once: several files", func(file string) error {
		o.documents = append(o.documents, file)
		return nil
	})
	fs.BoolVar(&o.first, "first", false, "be the process whose first session is timed")
	fs.BoolVar(&o.serve, "serve", false, "be the server that wrk loads")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("%q is no flag", fs.Arg(0))
	}
	if o.first {
		return printFirstUse(out)
	}
	if o.serve {
		runtime.GOMAXPROCS(1)
		return serve(in, out)
	}
	r, err := o.measure(ctx)
	if err != nil {
		return err
	}
	if o.svg != "" {
		if err := r.writeCharts(o.svg); err != nil {
			return err
		}
	}
	for _, file := range o.documents {
		if err := fillDocument(file, append(r.sections(), r.shortSections()...)); err != nil {
			return err
		}
	}
	if o.json {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	for _, s := range r.sections() {
		fmt.Fprintf(out, "## %s\n\n%s\n", s.title, s.text)
	}
	return nil
}

// measure makes the report that the flags ask for.
func (o *options) measure(ctx context.Context) (*report, error) {
	b, command := full, "go run ."
	if o.quick {
		b, command = quick, command+" -quick"
	}
	if o.sessions != "" {
		command += " -sessions DIR"
	}
	r := newReport(command)
	if o.sessions != "" {
		s, err := readSet("your sessions", o.sessions)
		if err != nil {
			return nil, err
		}
		return r, r.measure(ctx, []*set{s}, b, false)
	}
	sets, err := usualSets()
	if err != nil {
		return nil, err
	}
	return r, r.measure(ctx, sets, b, true)
}
