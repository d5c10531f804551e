//go:build !bindings

// Gatehouse is the access desk of a domain registrar: who may sign in, what
// each person may do, which programs hold an API key, and how everyone proves
// who they are.
package main

import (
	"embed"
	"os"

	"gatehouse/internal/cli"
)

//go:embed all:frontend/dist
var dist embed.FS

func main() {
	os.Exit(cli.Main(os.Args[1:], dist))
}
