package organizations

import (
	"encoding/json"
	"maps"
	"slices"
)

// denial is one action pattern that a policy denies, in some regions or all.
type denial struct {
	action  string
	regions []string
}

// setContent reads a policy document. Of its statements the embedded AWS honours
// those that deny actions, everywhere or where aws:RequestedRegion equals one of a
// list; it refuses denials that it would have to ignore, and takes no notice of
// what is allowed.
func (p *policy) setContent(content string) error {
	if len(content) > maxPolicyBytes {
		return constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "The policy content exceeds %d bytes.", maxPolicyBytes)
	}
	var document struct{ Statement statements }
	if err := json.Unmarshal([]byte(content), &document); err != nil || len(document.Statement) == 0 {
		return refuse("MalformedPolicyDocumentException", "The provided policy document does not meet the requirements of the specified policy type.")
	}
	var denials []denial
	for _, s := range document.Statement {
		found, err := s.denials()
		if err != nil {
			return err
		}
		denials = append(denials, found...)
	}
	p.content, p.denials = content, denials
	return nil
}

type statement struct {
	Effect    string
	Action    texts
	NotAction texts
	Condition map[string]map[string]texts
}

func (s statement) denials() ([]denial, error) {
	if s.Effect == "Allow" {
		return nil, nil
	}
	if s.Effect != "Deny" || len(s.Action) == 0 {
		return nil, refuse("MalformedPolicyDocumentException", "The embedded AWS honours statements that deny an Action, and none with NotAction.")
	}
	regions, err := s.regions()
	if err != nil {
		return nil, err
	}
	var list []denial
	for _, action := range s.Action {
		list = append(list, denial{action, regions})
	}
	return list, nil
}

func (s statement) regions() ([]string, error) {
	if len(s.Condition) == 0 {
		return nil, nil
	}
	equals := s.Condition["StringEquals"]
	regions := equals["aws:RequestedRegion"]
	if len(s.Condition) != 1 || len(equals) != 1 || len(regions) == 0 {
		return nil, refuse("MalformedPolicyDocumentException", "The embedded AWS honours one condition, StringEquals aws:RequestedRegion.")
	}
	return regions, nil
}

// texts is one string or a list of them, as policy documents allow.
type texts []string

// UnmarshalJSON takes either form.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// statements is one statement or a list of them.
type statements []statement

// UnmarshalJSON takes either form.
func (s *statements) UnmarshalJSON(b []byte) error {
	var one statement
	if json.Unmarshal(b, &one) == nil {
		*s = statements{one}
		return nil
	}
	return json.Unmarshal(b, (*[]statement)(s))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
