module example.com/cookiesession/e2e

go 1.26.0

require (
	example.com/cookiesession v0.0.0
	example.com/cookiesession/contrib/dbsc v0.0.0
)

require (
	golang.org/x/crypto v0.45.0 // indirect
	golang.org/x/sys v0.38.0 // indirect
)

replace (
	example.com/cookiesession => ..
	example.com/cookiesession/contrib/dbsc => ../contrib/dbsc
)
