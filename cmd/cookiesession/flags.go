package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/keytext"
)

// cookieFlags are the flags of commands that seal or open cookies.
type cookieFlags struct {
	keys        keyFlags
	name, label string
}

func (o *cookieFlags) add(fs *flag.FlagSet, name, about string) {
	o.keys.add(fs)
	fs.StringVar(&o.name, "name", name, about)
	fs.StringVar(&o.label, "label", "", "`label` that it is sealed under: Options.Label, or what Options.LabelFunc returns")
}

func (o cookieFlags) check(needsKeys bool) error {
	switch {
	case keyText.MatchString(o.name), keyText.MatchString(o.label): // which would be shown
		return misuse("-name and -label take no key: it goes into a file for -keys, or a variable for -keys-env")
	case needsKeys && o.keys == (keyFlags{}):
		return misuse("which keys? give -keys FILE, -keys - or -keys-env NAME")
	}
	return nil
}

// keyFlags say where the keys are.
type keyFlags struct{ file, env string }

func (k *keyFlags) add(fs *flag.FlagSet) {
	fs.StringVar(&k.file, "keys", "", "keyring `file`; - is standard input")
	fs.StringVar(&k.env, "keys-env", "", "`name` of the environment's variable that holds the keyring")
}

// ring returns the keyring, or nil if no flag names one.
func (k keyFlags) ring(c *console) (*cookiesession.Keyring, error) {
	switch {
	case k.file != "" && k.env != "":
		return nil, misuse("-keys and -keys-env exclude each other")
	case k.file == "-":
		text, err := readAll(c.stdin, keytext.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("-keys -: %w", err)
		}
		return parseRing("-keys -", text)
	case k.file != "":
		return cookiesession.OpenKeyring(k.file)
	case k.env == "":
		return nil, nil
	case !variableName.MatchString(k.env), keyText.MatchString(k.env): // the keys themselves?
		return nil, misuse("-keys-env takes the name of a variable, such as SESSION_KEYS, not what is in it")
	}
	text, ok := os.LookupEnv(k.env)
	if !ok {
		return nil, fmt.Errorf("-keys-env %s: there is no such variable: is it exported?", k.env)
	}
	return parseRing("-keys-env "+k.env, text)
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func parseRing(from, text string) (*cookiesession.Keyring, error) {
	ring, err := cookiesession.ParseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return ring, nil
}

// text returns the text that a command works on: its argument, the content of
// the file after @, or standard input.
func (k keyFlags) text(c *console, what string, args []string) (string, error) {
	arg := "-"
	switch len(args) {
	case 0:
	case 1:
		arg = args[0]
	default:
		return "", misuse("one %s at a time: put quotes around it", what)
	}
	switch {
	case arg == "-" && k.file == "-":
		return "", misuse("keys and %s cannot both come from standard input: give the %s as an argument or as @FILE", what, what)
	case arg == "-":
		return readAll(c.stdin, maxInput)
	case arg == "" || arg[0] != '@':
		return arg, nil
	}
	f, err := os.Open(arg[1:])
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := readAll(f, maxInput)
	if err != nil {
		err = fmt.Errorf("%s: %w", arg[1:], err)
	}
	return text, err
}

const maxInput = 1 << 28 // bytes; browsers write HAR files of 100 MB and more

func readAll(r io.Reader, most int) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	var perr *os.PathError
	switch {
	case errors.As(err, &perr):
		err = perr.Err
	case err == nil && len(text) > most:
		err = fmt.Errorf("longer than %d bytes", most)
	}
	return string(text), err
}
