package main

import (
	"flag"

	"example.com/cookiesession/internal/pack/form"
)

// tune has the numbers that were chosen by cross-validation.
var tune = struct {
	keys, lists    int
	byteWeight     int
	contextBackoff int
	modelBackoff   int
	phrases        int
	tables         [3]int
	share          int
	spelledKeys    int
	keyBackoff     int
	floats         int
	synthetic      int
	typed          int
	rounds         int
	books          int
	words          int
	textShare      int
}{
	keys:           600,  // weight of one find of a key
	lists:          60,   // weight of a listed value, in hundredths of what the file says
	byteWeight:     1000, // of each printable character, over all contexts of a book
	contextBackoff: 30000,
	modelBackoff:   6000,
	phrases:        1250,
	tables:         [3]int{24, 14, 8}, // text tables by book
	share:          50000,             // a symbol of less than 1/share of a table gets no code
	spelledKeys:    250,               // weight of each key as text
	keyBackoff:     40000,             // weight of all keys in each code of keys
	floats:         30,                // weight of a document whose numbers are floats, in hundredths
	synthetic:      50,                // weight of a document of our own generator, in hundredths
	typed:          150,               // weight of a kind of typed sessions that has weight 1
	rounds:         6,
	books:          form.Books,
	words:          3400,  // most words
	textShare:      25000, // share, for text
}

// tuning lets the numbers be set, to try others with -cv.
func tuning(f *flag.FlagSet) {
	f.IntVar(&tune.keys, "keys", tune.keys, "weight of one find of a key, in thousandths")
	f.IntVar(&tune.lists, "lists-weight", tune.lists, "weight of listed values, in hundredths")
	f.IntVar(&tune.byteWeight, "bytes", tune.byteWeight, "weight of each printable character in a book, in thousandths")
	f.IntVar(&tune.contextBackoff, "context-backoff", tune.contextBackoff, "weight of a book's counts in each context, in thousandths")
	f.IntVar(&tune.modelBackoff, "model-backoff", tune.modelBackoff, "weight of all models' counts in each model but for words, in thousandths")
	f.IntVar(&tune.phrases, "phrases", tune.phrases, "most phrases")
	f.IntVar(&tune.tables[0], "words-tables", tune.tables[0], "text tables of the book of words")
	f.IntVar(&tune.tables[1], "marks-tables", tune.tables[1], "text tables of the book of marks")
	f.IntVar(&tune.tables[2], "keys-tables", tune.tables[2], "text tables of the book of keys")
	f.IntVar(&tune.share, "share", tune.share, "a symbol of less than 1/n of a table gets no code")
	f.IntVar(&tune.keyBackoff, "key-backoff", tune.keyBackoff, "weight of all keys in each code of keys, in thousandths")
	f.IntVar(&tune.floats, "floats", tune.floats, "weight of a document whose numbers are floats, in hundredths")
	f.IntVar(&tune.synthetic, "synthetic", tune.synthetic, "weight of a document of our own generator, in hundredths")
	f.IntVar(&tune.typed, "typed", tune.typed, "weight of a kind of typed sessions that has weight 1, in thousandths")
	f.IntVar(&tune.rounds, "rounds", tune.rounds, "how often the tables are fitted to what the encoder emits")
	f.IntVar(&tune.textShare, "text-share", tune.textShare, "share, for text")
	f.IntVar(&tune.books, "books", tune.books, "sets of tables for text: 2 is one for values and one for keys, 1 one for both; with -cv only")
	f.IntVar(&tune.words, "words", tune.words, "most words")
	f.IntVar(&tune.spelledKeys, "spelled", tune.spelledKeys, "weight of each key as text, in thousandths")
}
