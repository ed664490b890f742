module example.com/cookiesession/compare

go 1.26.0

replace example.com/cookiesession => ../

require (
	example.com/cookiesession v0.0.0-00010101000000-000000000000
	github.com/andybalholm/brotli v1.2.8
	github.com/fxamacker/cbor/v2 v2.10.0
)

require github.com/x448/float16 v0.8.4 // indirect
