package cloudcontrol

import (
	"testing"

	"github.com/setmend/setmend/awssim/internal/resource"
)

// FuzzPatch: any patch is refused or applied to any document, and what comes out
// is no larger than what went in can explain.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		`[{"op":"add","path":"/a","value":1}]`, `[{"op":"copy","from":"","path":"/a/b"},{"op":"move","from":"/a","path":"/l/0"}]`,
		`[{"op":"remove","path":"/l/0"},{"op":"test","path":"/m","value":{"x":[]}},{"op":"replace","path":"","value":{}}]`, `[[[[`, `[{"op":"add","path":"/l/-","value":null}]`,
	} {
		f.Add(`{"a":{"b":1},"l":[1,2],"m":{"x":[]}}`, seed)
	}
	f.Fuzz(func(t *testing.T, text, patchText string) {
		v, err := readJSON(text)
		document, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		patch, err := readPatch(patchText)
		if err != nil {
			return
		}
		out, err := apply(document, patch)
		if err != nil {
			return
		}
		if n := count(out); n > len(text)+len(patchText)*100+maxCopied {
			t.Fatalf("%d values", n)
		}
		resource.JSON(out)
	})
}
