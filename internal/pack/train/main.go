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
//   - testdata/sessions of the module: session documents
//   - train/testdata/keys.tsv: keys of sessions in public code, with how often
//     they were found
//   - train/testdata/lists: values that many programs have in common, by the
//     model of their keys: language tags, time zones, currencies, names, roles,
//     messages, claims of tokens
//   - train/testdata/models.txt: which keys have values of which model
//
// # How
//
// Every symbol stands in a context, which is fixed before: the model of the
// value, or the two bytes before it. So a table is a matter of counting, but
// what there is to count depends on how the symbols cut the text, and that on
// the tables. The trainer begins with all parts of texts that occur in two
// places, and repeats: cut every text the cheapest way, count, drop the phrases
// that gain least, make new tables. When the phrases are found, contexts that
// have much the same counts are given one table, and lengths are fixed by
// package-merge.
//
// Of what a document has alone a table should know little, since the next
// document has something else: words and keys count in full only when they
// occur in two documents or in a list.
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
	sessions := flag.String("sessions", "../../testdata/sessions", "directory of the sessions")
	lists := flag.String("lists", "train/testdata", "directory of the other input")
	goFile := flag.String("go", "tables/tables_gen.go", "Go file to write")
	jsonFile := flag.String("json", "../../docs/packing-v1.json", "JSON file to write")
	tuning(flag.CommandLine)
	flag.Parse()
	if err := run(*cv, *sessions, *lists, *goFile, *jsonFile); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(cv bool, sessions, lists, goFile, jsonFile string) error {
	if strconv.IntSize < 64 {
		return errors.New("the sums need 64 bits, which an int of this machine has not")
	}
	in, err := readInput(sessions, lists)
	if err != nil {
		return err
	}
	if cv {
		return crossValidate(os.Stdout, in)
	}
	tables := train(in)
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
