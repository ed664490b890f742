package dbsc_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"example.com/cookiesession"
	"example.com/cookiesession/contrib/dbsc"
)

func Example() {
	type User struct{ Name string }

	keys, err := cookiesession.NewKeyring(cookiesession.NewKey()) // from a file or a secret store in production
	if err != nil {
		log.Fatal(err)
	}
	device, err := dbsc.New(keys, &cookiesession.Options[User]{}, &dbsc.Options{
		OnEvent: func(_ *http.Request, e dbsc.Event) { log.Print(e.Kind, " ", e.Err) }, // or a counter
	})
	if err != nil {
		log.Fatal(err)
	}
	sessions := device.Manager()

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// A password or a passkey comes first.
		s := sessions.Get(r)
		s.Destroy() // nothing of another session is left, and no binding
		s.Data = User{Name: "ana"}
		if err := device.Bind(w, s); err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		device.Logout(w, sessions.Get(r))
	})
	site := device.Handler(http.NewCrossOriginProtection().Handler(mux))

	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("POST", "https://app.example/login", nil))
	fmt.Println(w.Header().Get("Secure-Session-Registration")[:42])
	// Output:
	// (ES256);path="/session-device/register";ch
}
