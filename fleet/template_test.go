package fleet

import "testing"

func TestNamesThatCannotBeEqualTieNoStacks(t *testing.T) {
	tests := []struct {
		imports, exports string
		want             bool
	}{
		{"vpc-id", "vpc-id", true},
		{"vpc-id", "vpc-ids", false},
		{"*-vpc", "network-vpc", true},
		{"*-vpc", "network-subnet", false},
		{"network-*", "*-vpc", true},
		{"a*c", "ab*", true},
		{"a*c", "b*c", false},
		{"*", "anything", true},
		{"", "", true},
		{"", "*", true},
		{"a**b", "ab", true},
	}
	for _, test := range tests {
		importer, exporter := TemplateFacts{Imports: []string{test.imports}}, TemplateFacts{Exports: []string{test.exports}}
		if got := importer.MayImportFrom(exporter); got != test.want {
			t.Errorf("importing %q from what exports %q: %v, want %v", test.imports, test.exports, got, test.want)
		}
		importer.Imports, exporter.Exports = exporter.Exports, importer.Imports
		if got := importer.MayImportFrom(exporter); got != test.want {
			t.Errorf("importing %q from what exports %q: %v, want %v", test.exports, test.imports, got, test.want)
		}
	}
}

func TestAnOpaqueTemplateMayImportAnything(t *testing.T) {
	if !(TemplateFacts{Opaque: true}).MayImportFrom(TemplateFacts{}) {
		t.Error("what cannot be read must be taken to import")
	}
	if (TemplateFacts{}).MayImportFrom(TemplateFacts{Exports: []string{"x"}}) {
		t.Error("a template without imports imports nothing")
	}
}
