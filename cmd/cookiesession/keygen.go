package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
)

var keygenCommand = command{
	name:    "keygen",
	args:    "[-file FILE]",
	summary: "print a new key, or put it into a file",
	about: `
Keygen prints one new key. It is for environment variables and secret stores:
a reader of the key can read and forge every session that it seals.

With -file the key goes into a keyring file, and its id is printed. A new file
has mode 0600, where a shell's > would leave it to the umask. In a file that has
keys without dates the new one is put last, where it opens and does not seal
yet. In one with dates it would have no part: that is what rotate is for.
`,
	example: `
SESSION_KEYS=$(cookiesession keygen)
cookiesession keygen -file /etc/shop/keyring
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		file := fs.String("file", "", "keyring `file` to create or to add to")
		return func(c *console, args []string) error { return keygen(c, *file, args) }
	},
}

func keygen(c *console, file string, args []string) error {
	if len(args) > 0 {
		return misuse("unexpected argument %q", args[0])
	}
	if file == "" {
		fmt.Fprintln(c.stdout, cookiesession.NewKey().Secret())
		return nil
	}
	k, err := createKeyFile(file, clock.Now())
	if err == nil {
		fmt.Fprintf(c.stdout, "created %s with the key %s, which seals at once\n", file, k.id)
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	said := ""
	err = changeKeyFile(file, func(f *keyFile, mistake error) error {
		if mistake != nil {
			return mistake
		}
		said, err = f.addUndated()
		return err
	})
	if err == nil {
		fmt.Fprintln(c.stdout, said)
	}
	return err
}

// addUndated adds a key to a file without dates, and reports how the key will
// be used.
func (f *keyFile) addUndated() (said string, err error) {
	keys := f.usable()
	if len(keys) == 0 {
		return fmt.Sprintf("added %s, which seals at once: no other key could", f.addKey(0).ID), nil
	}
	for _, k := range keys {
		if !k.activates.IsZero() {
			return "", fmt.Errorf("%s has keys with dates, beside which one without would never seal: use cookiesession rotate", f.path)
		}
	}
	k := f.newKey(time.Time{})
	f.append(k.line())
	return fmt.Sprintf("added %s, which opens and does not seal: %s does; to change over, give it a date, or move it to the top when every replica has it", k.id, keys[0].id), nil
}
