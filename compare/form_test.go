package main

import "testing"

// testSets returns the eight preferences and the corpus.
func testSets(t testing.TB) []*set {
	t.Helper()
	eight, err := eightSet()
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := readSet("corpus", "../testdata/sessions")
	if err != nil {
		t.Fatal(err)
	}
	return []*set{eight, corpus}
}

// TestFormsKeepSessions checks that every form gives back the session that it
// was given, and that an altered value does not open.
func TestFormsKeepSessions(t *testing.T) {
	for _, f := range mustForms(t) {
		if f.seal == nil {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			for _, s := range testSets(t) {
				for _, session := range s.sessions {
					text, err := f.check(session)
					if err != nil {
						t.Fatal(err)
					}
					if f.open == nil {
						continue
					}
					altered := []byte(text)
					if i := len(altered) / 2; altered[i] == 'A' {
						altered[i] = 'B'
					} else {
						altered[i] = 'A'
					}
					if err := f.open(string(altered), f.target(f.input(session))); err == nil {
						t.Fatalf("%s: a value with another character in its middle opens", session.name)
					}
				}
			}
		})
	}
}

// BenchmarkForms times the forms one after the other, with the stopwatch of
// package testing, to confirm the program's own. An operation is all sessions
// of a set.
func BenchmarkForms(b *testing.B) {
	for _, s := range testSets(b) {
		b.Run(s.Name, func(b *testing.B) {
			_, ops, err := newTimes(s, mustForms(b))
			if err != nil {
				b.Fatal(err)
			}
			for _, op := range append(ops, ops[0].reference, ops[1].reference) {
				b.Run(op.name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := op.pass(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*op.n), "ns/session")
				})
			}
		})
	}
}
