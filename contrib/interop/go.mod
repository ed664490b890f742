module example.com/cookiesession/contrib/interop

go 1.26.0

require (
	example.com/cookiesession v0.0.0
	example.com/cookiesession/contrib/gorilla v0.0.0
	github.com/gorilla/securecookie v1.1.2
	github.com/gorilla/sessions v1.4.0
	github.com/labstack/echo-contrib/v5 v5.0.0
	github.com/labstack/echo/v5 v5.0.1
	github.com/markbates/goth v1.82.0
)

require (
	github.com/go-chi/chi/v5 v5.2.2 // indirect
	github.com/gorilla/context v1.1.2 // indirect
	github.com/gorilla/mux v1.6.2 // indirect
	golang.org/x/crypto v0.45.0 // indirect
	golang.org/x/oauth2 v0.27.0 // indirect
	golang.org/x/sys v0.40.0 // indirect
	golang.org/x/time v0.14.0 // indirect
)

replace (
	example.com/cookiesession => ../..
	example.com/cookiesession/contrib/gorilla => ../gorilla
)
