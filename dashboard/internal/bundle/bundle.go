// Package bundle makes the page's one script and one style sheet of the modules in
// dashboard/web. It runs in `go generate` and in the test that compares the committed
// result; nothing that ships imports it, so that esbuild is in no binary and no Node is
// needed anywhere.
package bundle

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Files are the entry points in the folder of the sources, by the name of what is made
// of them.
var Files = map[string]string{"page.js": "main.js", "page.css": "page.css"}

// Make bundles an entry point of a folder and everything that it imports. The same
// sources give the same bytes. It fails, naming place and reason, if a source cannot be
// read or parsed, or imports what is not there.
func Make(folder, entry string) ([]byte, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("bundling %s: %w", entry, err)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(folder, entry)}, AbsWorkingDir: folder, Outdir: folder,
		Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ESNext, Charset: api.CharsetUTF8,
		MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true, LegalComments: api.LegalCommentsNone,
		// A line that is as long as a screen keeps differences of the committed file readable.
		LineLimit: 160,
	})
	if problems := append(result.Errors, result.Warnings...); len(problems) > 0 {
		texts := api.FormatMessages(problems, api.FormatMessagesOptions{})
		return nil, fmt.Errorf("bundling %s: %w", entry, errors.New(strings.TrimSpace(strings.Join(texts, "\n"))))
	}
	if len(result.OutputFiles) != 1 {
		return nil, fmt.Errorf("bundling %s: it gave %d files, want one that needs no other", entry, len(result.OutputFiles))
	}
	return result.OutputFiles[0].Contents, nil
}
