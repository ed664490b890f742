// Command preferences is examples/preferences with sessions that can be bound
// to the visitor's device. It prints how to start Chromium for it.
//
//	go run ./preferences -device-bound
package main

import (
	"example.com/cookiesession"
	"example.com/cookiesession/contrib/dbsc"
	"example.com/cookiesession/examples/preferences/site"
)

func main() {
	site.Main(func(keys *cookiesession.Keyring, opts *cookiesession.Options[site.Visit]) (site.Device, error) {
		return dbsc.New(keys, opts, nil)
	})
}
