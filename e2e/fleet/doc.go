// Package fleet simulates how keys are rotated in a fleet, on a clock of its
// own: hundreds of replicas and a million visitors for months take seconds.
//
// The replicas' keyrings are real. They read real files with Keyring.Watch,
// each by a clock that may be off. A visitor's request is a model of ours, of
// some twenty lines, because a million of them must not take a minute. So is
// the command that rotates. TestModel and TestRotation compare both with a real
// Manager and the real command.
//
// The question is how many visitors are logged out, and under which
// circumstances. Everything runs as tests:
//
//	go test ./fleet                                   # in seconds, with the comparisons
//	go test ./fleet -run Tables -tables -v            # the tables of docs/ROTATION.md
//	go test ./fleet -run Tables -tables -update       # and its charts
//	go test ./fleet -run Large -large -v -timeout 30m # 1,000,000 visitors, and years
package fleet
