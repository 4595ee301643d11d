package data

import (
	_ "embed"
	"io"
	"strings"
)

//go:embed fetch.sh
var fetchScript string

// FetchScript is the shell script that fetches the source packages; it takes
// the target directory.
func FetchScript() io.Reader { return strings.NewReader(fetchScript) }
