package tables

import _ "embed"

// Prepared is what package pack makes of V1, see pack.Prepare.
//
//go:embed prepared_gen.bin
var Prepared string
