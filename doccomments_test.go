package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocCommentsBeginWithTheName holds the doc comments of exported names to Go's
// convention, so that they read as sentences about what they document.
func TestDocCommentsBeginWithTheName(t *testing.T) {
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			checkDeclaration(t, files, declaration)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkDeclaration(t *testing.T, files *token.FileSet, declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		checkDoc(t, files, d.Doc, d.Name)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				doc := s.Doc
				if doc == nil && len(d.Specs) == 1 {
					doc = d.Doc
				}
				checkDoc(t, files, doc, s.Name)
			case *ast.ValueSpec:
				if len(d.Specs) == 1 && len(s.Names) == 1 {
					checkDoc(t, files, d.Doc, s.Names[0])
				}
			}
		}
	}
}

// checkDoc reports a doc comment of an exported name that begins with another
// word. A name may follow an article.
func checkDoc(t *testing.T, files *token.FileSet, doc *ast.CommentGroup, name *ast.Ident) {
	if doc == nil || !name.IsExported() {
		return
	}
	words := strings.Fields(doc.Text())
	if len(words) > 1 && (words[0] == "A" || words[0] == "An" || words[0] == "The") {
		words = words[1:]
	}
	if len(words) == 0 || strings.TrimRight(words[0], ".,:;'") != name.Name && !strings.HasPrefix(words[0], name.Name+"'s") {
		t.Errorf("%s: the doc comment of %s begins with %q", files.Position(doc.Pos()), name.Name, strings.Join(words[:min(len(words), 4)], " "))
	}
}
