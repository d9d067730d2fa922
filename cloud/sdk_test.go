package cloud

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/setmend/setmend/fleet"
)

// An action that is missing from the list would be paced by two gates that know
// nothing of each other.
func TestActionsListsEveryActionThatThePackageDeclares(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "action.go", nil, 0)
	must(t, err)
	declared := 0
	for _, d := range file.Decls {
		if group, ok := d.(*ast.GenDecl); ok && group.Tok == token.VAR {
			declared += len(group.Specs)
		}
	}
	listed := map[string]bool{}
	for _, a := range Actions() {
		listed[a.Service+":"+a.Name] = true
	}
	if declared == 0 || len(listed) != declared {
		t.Errorf("%d different actions are listed, %d declared", len(listed), declared)
	}
}

func TestARequestThatTheSDKRefusesToMakeIsInvalid(t *testing.T) {
	a, aws := against(t, func(question) answer { return answer{status: 200} })
	_, err := Send(t.Context(), a, Action{Service: "sns", Name: "Publish", Write: true}, "nothing",
		sns.NewFromConfig(a.SDK()).Publish, &sns.PublishInput{})
	if e := wantKind(t, err, fleet.Invalid); len(aws.actions()) != 0 {
		t.Errorf("%v was sent", e)
	}
}
