// Command cookiesession makes, rotates and shows the keys that seal sessions,
// seals and opens cookies, and looks into them and at their size. Run it
// without arguments for the list of commands, and with help and a name for one
// of these.
//
// It exits with 0 if it has done its work. It exits with 1 if the answer is no:
// there is no cookie, or it does not open, a budget is exceeded, a keyring
// needs attention. It exits with 2 if it was used wrongly or the environment
// kept it from working. Its output holds no secret, except the key that keygen
// prints.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Exit codes of the command.
const (
	exitDone  = 0
	exitNo    = 1
	exitError = 2
)

// A command is one thing that the program can do.
type command struct {
	name    string
	args    string // usage after the name, in a line
	summary string // a line, without a full stop
	about   string // text of -h before the flags
	example string // lines of a shell
	// setup declares the flags and returns the function that runs once they are
	// parsed.
	setup func(*flag.FlagSet) func(c *console, args []string) error
}

// commands returns all commands, in the order of the usage text.
func commands() []command {
	return []command{keygenCommand, rotateCommand, keysCommand, revokeCommand, inspectCommand, openCommand, sealCommand, sizeCommand, versionCommand, completionCommand}
}

// A console is the input and output of a command.
type console struct {
	stdin  io.Reader
	stdout *bufio.Writer
	stderr io.Writer

	commands []command // for those that are about others
}

// run runs the command in args and returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{stdin, bufio.NewWriter(stdout), stderr, commands()}
	code := c.run(args)
	if err := c.stdout.Flush(); err != nil {
		// A key that went to a full disk is not there.
		c.complain("", fmt.Errorf("cannot write the output: %w", err))
		return exitError
	}
	return code
}

func (c *console) run(args []string) int {
	if len(args) == 0 {
		io.WriteString(c.stderr, usage())
		return exitError
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		return c.help(args[1:])
	case "-version", "--version":
		name = versionCommand.name
	}
	cmd, ok := find(name)
	if !ok {
		c.complain("", fmt.Errorf("there is no command %q", name))
		io.WriteString(c.stderr, "\n"+usage())
		return exitError
	}
	return c.runCommand(cmd, args[1:])
}

func find(name string) (command, bool) {
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, true
		}
	}
	return command{}, false
}

func (c *console) runCommand(cmd command, args []string) int {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := cmd.setup(fs)
	positional, err := parse(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.stdout.WriteString(cmd.help())
		return exitDone
	case err != nil:
		err = misuse("%w", err)
	default:
		err = do(c, positional)
	}
	if err == nil {
		return exitDone
	}
	c.complain(cmd.name, err)
	if errors.Is(err, errMisuse) {
		fmt.Fprintf(c.stderr, "Run 'cookiesession %s -h' for help.\n", cmd.name)
	}
	if errors.Is(err, errNo) {
		return exitNo
	}
	return exitError
}

// parse parses flags, also those that come after other arguments: "revoke
// a1b2c3 -file F" is unambiguous.
func parse(fs *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return positional, nil
		}
		positional, args = append(positional, fs.Arg(0)), fs.Args()[1:]
	}
}

var (
	// errNo marks errors of a command that did its work, and whose answer is
	// no.
	errNo = errors.New("no")
	// errMisuse marks errors of a command that was called wrongly.
	errMisuse = errors.New("misuse")
)

// A marked error is errNo or errMisuse with a text of its own. The text is
// empty if everything has been printed.
type marked struct {
	error
	mark error
}

func (m marked) Unwrap() []error { return []error{m.error, m.mark} }

func no(format string, args ...any) error { return marked{fmt.Errorf(format, args...), errNo} }

func misuse(format string, args ...any) error { return marked{fmt.Errorf(format, args...), errMisuse} }

// keyText finds texts that look like a key, whole or not. Errors quote
// arguments, and somebody may paste a key where an id was wanted.
var keyText = regexp.MustCompile(`csk1_[A-Za-z0-9_-]*`)

// libraryNames are the beginnings of the library's errors. In the output of a
// program of the same name they tell nothing.
var libraryNames = strings.NewReplacer("cookiesession: keyring: ", "", "cookiesession: ", "")

// complain writes an error.
func (c *console) complain(name string, err error) {
	text := libraryNames.Replace(keyText.ReplaceAllString(err.Error(), "csk1_..."))
	if text == "" {
		return
	}
	fmt.Fprintf(c.stderr, "%s: %s\n", strings.TrimSpace("cookiesession "+name), visible(text))
}

// visible returns text in a form that a terminal shows and does not obey:
// pasted headers may hold escape sequences. Characters that cannot be printed
// are written as in JSON. Line ends stay.
func visible(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == '\n' || unicode.IsPrint(r) && r != utf8.RuneError:
			b.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(r)):
			fmt.Fprintf(&b, `\x%02x`, text[i]) // no UTF-8, so that this is not JSON
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
	}
	return b.String()
}

// warn writes a warning of a command that goes on.
func (c *console) warn(format string, args ...any) {
	fmt.Fprintf(c.stderr, "warning: "+format+"\n", args...)
}

// writeJSON writes v in a line.
func writeJSON(w io.Writer, v any) error {
	text, err := marshalJSON(v, "")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	return err
}

// marshalJSON returns v as JSON that is safe to show on a terminal.
func marshalJSON(v any, indent string) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return visible(b.String()), err
}

func usage() string {
	var b strings.Builder
	b.WriteString("usage: cookiesession COMMAND [flags] [arguments]\n\nCommands:\n")
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-10s %s\n", cmd.name, cmd.summary)
	}
	b.WriteString("\nRun 'cookiesession help COMMAND' for what a command does, its flags and examples.\n" +
		"Exit codes: 0 done, 1 the answer is no, 2 wrong use or an error.\n")
	return b.String()
}

func (c *console) help(args []string) int {
	if len(args) == 0 {
		c.stdout.WriteString(usage())
		return exitDone
	}
	cmd, ok := find(args[0])
	if !ok {
		c.complain("help", fmt.Errorf("there is no command %q", args[0]))
		return exitError
	}
	c.stdout.WriteString(cmd.help())
	return exitDone
}

// help returns the text of -h.
func (cmd command) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: cookiesession %s\n\n%s\n", strings.TrimSpace(cmd.name+" "+cmd.args), strings.TrimSpace(cmd.about))
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	cmd.setup(fs)
	var flags strings.Builder
	fs.SetOutput(&flags)
	fs.PrintDefaults()
	if flags.Len() > 0 {
		b.WriteString("\nFlags:\n" + flags.String())
	}
	if cmd.example != "" {
		b.WriteString("\nExamples:\n")
		for line := range strings.Lines(strings.TrimSpace(cmd.example) + "\n") {
			b.WriteString("  " + line)
		}
	}
	return b.String()
}
