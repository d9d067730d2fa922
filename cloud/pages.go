package cloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/setmend/setmend/fleet"
)

// What AWS allows on a page.
const (
	stackSetPage     = 100
	organizationPage = 20
)

// pages calls fetch with each token until AWS gives none. The length of a page
// means nothing: Organizations sends empty ones with a token. An empty token is
// how some lists end.
func pages(fetch func(token *string) (next *string, err error)) error {
	var token *string
	for {
		next, err := fetch(token)
		if err != nil {
			return err
		}
		if aws.ToString(next) == "" {
			return nil
		}
		if token != nil && *next == *token {
			return &fleet.Error{Kind: fleet.UnknownOutcome, Call: "reading a list", Message: "AWS gave the same page token twice"}
		}
		token = next
	}
}
