package ginstore_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"example.com/cookiesession"
	ginstore "example.com/cookiesession/contrib/gin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// An application of gin-contrib/sessions changes the line that makes its store.
func Example() {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey()) // in production: OpenKeyring, or LoadOrCreateKeyring
	if err != nil {
		log.Fatal(err)
	}
	// Before: store := cookie.NewStore(authKey)
	store, err := ginstore.NewStore(keys, nil)
	if err != nil {
		log.Fatal(err)
	}

	router := gin.New()
	router.Use(sessions.Sessions("app", store))
	router.GET("/", func(c *gin.Context) {
		session := sessions.Default(c)
		visits, _ := session.Get("visits").(int)
		session.Set("visits", visits+1)
		if err := session.Save(); err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		fmt.Println(visits + 1)
	})

	server := httptest.NewTLSServer(store.Refresh(router, "app"))
	defer server.Close()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	for range 3 {
		response, err := client.Get(server.URL)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
	// Output:
	// 1
	// 2
	// 3
}
