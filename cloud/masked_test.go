package cloud

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/template"
)

func TestWhatIsMaskedIsNoEchoWhateverTheTemplateSays(t *testing.T) {
	parameters := []fleet.Parameter{{Key: "A", Value: "1"}, {Key: "B", Value: "****"}}
	for name, test := range map[string]struct {
		facts template.Facts
		want  []string
	}{
		"declared":   {template.Facts{NoEcho: []string{"A"}}, []string{"A", "B"}},
		"masked":     {template.Facts{}, []string{"B"}},
		"unreadable": {template.Facts{HidesParameters: true}, []string{"A", "B"}},
	} {
		if diff := cmp.Diff(test.want, maskedToo(test.facts, parameters)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
