package organizations

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type describeEffectiveInput struct {
	PolicyType string `valid:"required"`
	TargetId   string `valid:"max=100,pattern=(r-[0-9a-z]{4,32})|([0-9]{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})"`
}

// EffectivePolicyShape is the EffectivePolicy structure of the API.
type EffectivePolicyShape struct {
	PolicyContent        string
	LastUpdatedTimestamp time.Time
	TargetId             string
	PolicyType           string
}

type describeEffectiveOutput struct{ EffectivePolicy *EffectivePolicyShape }

// describeEffectivePolicy merges the policies of a management type from the root down
// to an account: the caller's, unless another is named.
func (o *Organization) describeEffectivePolicy(c *core.Call, in *describeEffectiveInput) (*describeEffectiveOutput, error) {
	kind, err := findType(in.PolicyType)
	if err != nil {
		return nil, err
	}
	if !kind.merged {
		return nil, invalid("INVALID_ENUM", "Policies of the type %s have no effective policy.", in.PolicyType)
	}
	target := in.TargetId
	if target == "" {
		target = c.Caller.Account
	}
	m := o.members[target]
	if m == nil {
		return nil, refuse("TargetNotFoundException", "We can't find a root, OU, or account with the TargetId that you specified.")
	}
	merged, updated := &node{}, time.Time{}
	for _, level := range append(slices.Clone(m.unit.path), m.ID) {
		for _, p := range o.attachedTo(level, in.PolicyType) {
			merged.merge(p.tree, nil)
			if p.updated.After(updated) {
				updated = p.updated
			}
		}
		merged.settle()
	}
	if updated.IsZero() {
		return nil, refuse("EffectivePolicyNotFoundException", "We can't find an effective policy of the type %s for the target.", in.PolicyType)
	}
	content, err := json.Marshal(merged.plain())
	if err != nil {
		return nil, fmt.Errorf("writing the effective policy of %s: %w", m.ID, err)
	}
	return &describeEffectiveOutput{&EffectivePolicyShape{string(content), updated, m.ID, in.PolicyType}}, nil
}

// node is a place in the tree of a policy that is being merged.
type node struct {
	kids  map[string]*node
	value any
	// allowed are the operators that policies further down may use here and below;
	// nil is all. next is what a policy of this level says, which holds from the next
	// level on.
	allowed, next []string
}

// allowedForChildren is the operator by which a policy keeps others further down from
// changing what it sets.
const allowedForChildren = "@@operators_allowed_for_child_policies"

// merge applies a policy's operators: @@assign sets a value, @@append and @@remove
// change a list. Operators that a policy further up does not allow are ignored.
func (n *node) merge(tree map[string]any, allowed []string) {
	if n.allowed != nil {
		allowed = n.allowed
	}
	may := func(operator string) bool {
		return allowed == nil || slices.Contains(allowed, "@@all") || slices.Contains(allowed, operator)
	}
	for _, key := range sortedKeys(tree) {
		value := tree[key]
		switch {
		case key == allowedForChildren:
			n.next = stringList(value)
		case strings.HasPrefix(key, "@@"):
			if may(key) {
				n.apply(key, value)
			}
		default:
			n.kid(key).set(value, allowed, may("@@assign"))
		}
	}
}

// set merges an object, or assigns a value that stands without an operator.
func (n *node) set(value any, allowed []string, mayAssign bool) {
	if object, ok := value.(map[string]any); ok {
		n.merge(object, allowed)
	} else if mayAssign {
		n.value = value
	}
}

func (n *node) apply(operator string, value any) {
	switch operator {
	case "@@assign":
		n.value = value
	case "@@append":
		list, _ := n.value.([]any)
		for _, each := range anyList(value) {
			if !slices.Contains(list, each) {
				list = append(slices.Clone(list), each)
			}
		}
		n.value = list
	case "@@remove":
		list, _ := n.value.([]any)
		gone := anyList(value)
		n.value = slices.DeleteFunc(slices.Clone(list), func(each any) bool { return slices.Contains(gone, each) })
	}
}

func (n *node) kid(key string) *node {
	if n.kids == nil {
		n.kids = map[string]*node{}
	}
	if n.kids[key] == nil {
		n.kids[key] = &node{}
	}
	return n.kids[key]
}

// settle puts what the policies of one level allow into force for those below it.
func (n *node) settle() {
	if n.next != nil {
		n.allowed, n.next = n.next, nil
	}
	for _, kid := range n.kids {
		kid.settle()
	}
}

// plain is the merged policy without operators.
func (n *node) plain() any {
	if n.kids == nil {
		return n.value
	}
	out := map[string]any{}
	for key, kid := range n.kids {
		if value := kid.plain(); value != nil {
			out[key] = value
		}
	}
	return out
}

// anyList is a list of scalars, or one scalar; anything else is left out.
func anyList(value any) []any {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	return slices.DeleteFunc(slices.Clone(list), func(each any) bool {
		switch each.(type) {
		case string, float64, bool:
			return false
		}
		return true
	})
}

func stringList(value any) []string {
	out := []string{}
	for _, each := range anyList(value) {
		if text, ok := each.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
