// Command zincsearch is ZincSearch without its web pages, which its module does not hold: what it has of Elasticsearch's API.
// ZINC_SERVER_PORT says where it listens; it takes no credentials.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/zincsearch/zincsearch/pkg/handlers/document"
	"github.com/zincsearch/zincsearch/pkg/handlers/search"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.GET("/healthz", func(c *gin.Context) { c.Status(http.StatusOK) })
	r.POST("/es/:target/_bulk", document.ESBulk)
	r.POST("/es/:target/_search", search.SearchDSL)
	log.Fatal(r.Run("127.0.0.1:" + os.Getenv("ZINC_SERVER_PORT")))
}
