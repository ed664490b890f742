// Trains the tables of package pack: it reads sessions, keys and lists of
// common values, and writes the dictionary, the phrases and all codes as
// tables_gen.go and, for decoders in other languages, as docs/packing-v1.json.
//
//	cd internal/pack && go run ./train       writes both files
//	cd internal/pack && go run ./train -cv   prints the sizes that tables of the
//	                                         same making give to sessions they
//	                                         were not made from
//
// # What it learns from
//
//   - testdata/sessions of the module: sessions of our own generator
//   - testdata/wild: sessions that strangers posted
//   - typed.go: sessions of Go's types, which documents in JSON do not show: of
//     these, heads, numbers and keys that are no text
//   - train/testdata/keys.tsv: keys of sessions in public code, with how often
//     they were found
//   - train/testdata/lists: values that many programs have in common, by the
//     model of their keys: language tags, time zones, currencies, names, roles,
//     messages, claims of tokens
//   - train/testdata/models.txt: which keys have values of which model
//
// # How
//
// First the phrases are found. The trainer begins with all parts of texts that
// occur in three places, and repeats: cut every text the cheapest way, count,
// drop the phrases that gain least, make new costs.
//
// Then what is trained is what is emitted. Each symbol stands in a context that
// is known before: the model of the value, the length of the last key, or the
// bytes before it. So a table is a matter of counting, but the encoder chooses
// by the tables. The trainer begins with tables in which all symbols have much
// the same codes, packs all that it learns from with the encoder itself, counts
// what that chose, makes new tables by package-merge, and repeats. Contexts of
// text that have much the same counts share one table.
//
// A key or a value enters a table only if documents of three origins have it,
// or a list: what one application has alone is no business of another.
//
// All arithmetic is on integers of 64 bits, and nothing depends on the order of
// a map, so the same input gives the same files everywhere.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"example.com/cookiesession/internal/pack/form"
)

func main() {
	cv := flag.Bool("cv", false, "cross-validate instead of writing files")
	data := flag.String("data", "../../testdata", "directory of the sessions")
	lists := flag.String("lists", "train/testdata", "directory of the other input")
	goFile := flag.String("go", "tables/tables_gen.go", "Go file to write")
	jsonFile := flag.String("json", "../../docs/packing-v1.json", "JSON file to write")
	tuning(flag.CommandLine)
	flag.Parse()
	if err := run(*cv, *data, *lists, *goFile, *jsonFile); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(cv bool, data, lists, goFile, jsonFile string) error {
	if strconv.IntSize < 64 {
		return errors.New("the sums need 64 bits, which an int of this machine has not")
	}
	in, err := readInput(data, lists)
	if err != nil {
		return err
	}
	if tune.books < 1 || tune.books > form.Books || tune.books < form.Books && !cv {
		return errors.New("-books is 1, 2 or 3, and less than 3 only with -cv: the format has 3")
	}
	if cv {
		return crossValidate(os.Stdout, in)
	}
	tables, err := train(in)
	if err != nil {
		return err
	}
	fmt.Printf("%d keys, %d phrases, %d value symbols, %d text tables\n",
		len(tables.Keys), len(tables.Phrases), len(tables.Values), len(tables.Text))
	if most := 1 << 12; len(tables.Values) > most || len(tables.Keys)+form.Entry > most || len(tables.Phrases)+form.Phrase > most {
		return fmt.Errorf("more than %d symbols in one alphabet", most)
	}
	if err := writeGo(goFile, tables); err != nil {
		return err
	}
	return writeJSON(jsonFile, tables)
}
