// Package cborcheck holds the encoder and decoder of the root module against an
// independent implementation, github.com/fxamacker/cbor/v2, in both directions.
// It is a module of its own so that the root's go.mod stays without it.
package cborcheck
