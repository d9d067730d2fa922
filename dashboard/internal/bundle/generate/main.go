// Command generate writes the page's script and style sheet: generate SOURCES TARGET.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/setmend/setmend/dashboard/internal/bundle"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate SOURCES TARGET")
		os.Exit(2)
	}
	for name, entry := range bundle.Files {
		text, err := bundle.Make(os.Args[1], entry)
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Args[2], name), text, 0o644)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "generating %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}
