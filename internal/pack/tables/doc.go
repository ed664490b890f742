// Package tables has the packer's tables as data, and nothing else: package
// train makes them, package form says what they mean, package pack uses them.
package tables

//go:generate rm -f ../v1_gen.go
//go:generate go run ../train -go tables_gen.go -json ../../../docs/packing-v1.json -data ../../../testdata -lists ../train/testdata
//go:generate go test -run ^TestPrepared$ ../ -update
