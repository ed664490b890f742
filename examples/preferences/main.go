// Command preferences is a small web site that remembers how its visitors like
// it, and who they are, in one encrypted cookie. It stores nothing itself but
// the keys, so it may be stopped and started at any time.
//
//	go run ./examples/preferences
//
// With sessions that are bound to the visitor's device, which takes another
// module:
//
//	cd contrib/dbsc && go run ./preferences -device-bound
package main

import "example.com/cookiesession/examples/preferences/site"

func main() { site.Main(nil) }
