// Package dashboard shows what a run found, did and left: as one HTML page, as
// report.json, as decisions.jsonl, and live over HTTP.
//
// The page is a single file that fetches nothing. It opens from disk, from a
// bucket behind a CDN and inside a wiki's frame, under a Content-Security-Policy
// that admits exactly the one script and the one style sheet it carries, by
// their hashes. What the fleet says (names, status reasons, drifted values) is
// untrusted: it travels as data, never as markup, and the script only ever puts
// it into text nodes and canvas text.
//
// A million cells fit because they travel as columns of small numbers into
// dictionaries ([payload], [cellTable]), gzipped, in two parts: the core, which the
// page needs to become usable, and the details (drift, steps), which it
// unpacks when idle. Both are made once, for the page and for /api/state. Base64's URL
// alphabet is used so that html/template has nothing to escape in them. Where the file would still outgrow
// [Options.MaxBytes], the details of cells that are healthy again are left out,
// and the page says how many.
//
// "Not checked" is a verdict of its own everywhere, with its own colour, pattern
// and glyph: it must never be taken for "in sync".
//
// The page's script and style sheet are made of the modules in web, by
// internal/bundle in `go generate`; what is embedded is the committed result.
//
// [Server] serves the same page, told to follow changes instead of standing
// still, next to /healthz, /metrics, the two files, and the approvals. It
// answers on loopback without a token and refuses to be built for any other
// address without one.
package dashboard
