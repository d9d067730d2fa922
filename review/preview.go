package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
)

// Proposal is a stack set's update as it is proposed.
type Proposal struct {
	StackSet fleet.StackSetName
	// Template is the new template's text, and Present the one that the set has; they
	// are equal if the template stays.
	Template, Present string
	// Parameters are those that get another value in the set.
	Parameters   []fleet.Parameter
	Declared     []string // the parameters of Template
	Capabilities []string
}

// Member makes change sets in member accounts.
type Member interface {
	// Preview shows what an update of the stack would change, and leaves nothing behind.
	Preview(ctx context.Context, stack fleet.MemberStack, token string, update fleet.Update) (fleet.ChangePreview, error)
	// AbandonRevert deletes the change set of the token. That it is not there is fine.
	AbandonRevert(ctx context.Context, stack fleet.MemberStack, token string) error
}

// Journal is durable memory. A mismatching version is an error.
type Journal interface {
	Get(ctx context.Context, key string) (value []byte, version int64, err error) // absent: nil, 0, nil
	Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error)
	Delete(ctx context.Context, key string, version int64) error
	Keys(ctx context.Context, prefix string) ([]string, error)
}

// Variant is instances that an update treats alike.
type Variant struct {
	Cells []fleet.Cell `json:"cells"` // sorted
	// Sample is the one in which change sets are made.
	Sample    fleet.Instance    `json:"sample"`
	Overrides []fleet.Parameter `json:"overrides,omitempty"`
	Drift     []Difference      `json:"drift,omitempty"` // of the sample
	// Standard is what StackSets would do; Aware is what a drift-aware change set
	// would, of a variant that has drifted.
	Standard fleet.ChangePreview `json:"standard"`
	Aware    fleet.ChangePreview `json:"aware,omitzero"`
	// Compared is set if no change set was made: Standard is a comparison of templates.
	Compared bool `json:"compared,omitempty"`
	// Failed says why AWS could not make the change set: the update would fail, too.
	Failed string `json:"failed,omitempty"`
}

// Variants divides a stack set's instances into those that an update treats alike: by
// the version of their template, their overrides, their region's class, and how they
// have drifted. byRegion is set if the template looks at the region it is in.
// Instances without a stack are left out. The largest variant comes first.
func Variants(inventory *fleet.Inventory, overrides map[fleet.Target][]fleet.Parameter, differences []Difference, byRegion bool) []Variant {
	drift := map[fleet.Target][]Difference{}
	for _, d := range differences {
		drift[d.Target] = append(drift[d.Target], d)
	}
	groups := map[string]*Variant{}
	for _, i := range inventory.List() {
		if i.StackID == "" || i.Status == fleet.InstanceInoperable {
			continue // an update leaves those out
		}
		key := variantKey(i, overrides[i.Target], drift[i.Target], byRegion)
		if groups[key] == nil {
			groups[key] = &Variant{Sample: i, Overrides: overrides[i.Target], Drift: drift[i.Target]}
		}
		groups[key].Cells = append(groups[key].Cells, fleet.Cell{StackSet: inventory.StackSet.Name, Target: i.Target})
	}
	var list []Variant
	for _, key := range fleet.SortedKeys(groups) {
		list = append(list, *groups[key])
	}
	slices.SortStableFunc(list, func(a, b Variant) int { return len(b.Cells) - len(a.Cells) })
	return list
}

func variantKey(i fleet.Instance, overrides []fleet.Parameter, drift []Difference, byRegion bool) string {
	parts := []string{string(i.Status), i.Divergence}
	if i.Status == fleet.InstanceOutdated {
		parts = append(parts, string(i.Detailed))
	}
	if byRegion {
		parts = append(parts, string(i.Region))
	}
	for _, p := range overrides {
		parts = append(parts, p.Key, p.Value)
	}
	for _, d := range drift {
		parts = append(parts, d.LogicalID, d.Property, d.Change, neutral(d.Actual, i.Target))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// neutral puts names in the place of what differs between cells by itself.
func neutral(value string, t fleet.Target) string {
	if t.Account == "" || t.Region == "" {
		return value
	}
	return strings.NewReplacer(string(t.Account), "${AWS::AccountId}", string(t.Region), "${AWS::Region}").Replace(value)
}

// LooksAtRegion reports whether a template may make other resources in other regions.
func LooksAtRegion(text string) bool {
	return slices.ContainsFunc([]string{"AWS::Region", "GetAZs", "AWS::URLSuffix", "AWS::Partition"}, func(s string) bool { return strings.Contains(text, s) })
}

// Effective returns the parameters that an instance's stack would be updated with: its
// overrides, else the proposal's values, else the set's. What AWS masks stays as it is.
func (p Proposal) Effective(set fleet.StackSet, overrides []fleet.Parameter) []fleet.Parameter {
	values := map[string]fleet.Parameter{}
	for _, list := range [][]fleet.Parameter{set.Parameters, p.Parameters, overrides} {
		for _, one := range list {
			values[one.Key] = one
		}
	}
	var effective []fleet.Parameter
	for _, name := range p.Declared {
		one, given := values[name]
		if !given {
			continue
		}
		if one.Masked() {
			one = fleet.Parameter{Key: name, UsePrevious: true}
		}
		effective = append(effective, one)
	}
	return effective
}

// pending is the change sets that a preview makes, in the journal until they are gone.
type pending struct {
	Stacks []pendingStack `json:"stacks"`
}

type pendingStack struct {
	Stack  fleet.MemberStack `json:"stack"`
	Tokens []string          `json:"tokens"`
}

const previewsPrefix = "previews/"

// samplers is how many member stacks are looked at side by side, each in an account
// and region of its own.
const samplers = 10

// Preview makes change sets in each variant's sample, a drift-aware one besides where
// it has drifted, and removes them. id names the preview; the names of its change
// sets are in the journal before they are made. What AWS refuses for one variant is
// noted with it. It fails if AWS cannot be reached; [CleanUp] removes then what is left.
func Preview(ctx context.Context, member Member, j Journal, id string, p Proposal, set fleet.StackSet, role string, variants []Variant, progress func(done, all int)) error {
	key := previewsPrefix + id
	var doc pending
	for n := range variants {
		doc.Stacks = append(doc.Stacks, pendingStack{memberStack(variants[n].Sample, role), tokens(id, n)})
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	if _, err := j.Put(ctx, key, text, 0); err != nil {
		return fmt.Errorf("recording the change sets of a preview: %w", err)
	}
	var mu sync.Mutex
	done := 0
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(samplers)
	for n := range variants {
		group.Go(func() error {
			err := sample(gctx, member, memberStack(variants[n].Sample, role), tokens(id, n), p, set, &variants[n])
			mu.Lock()
			defer mu.Unlock()
			if done++; progress != nil {
				progress(done, len(variants))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return errors.Join(err, clean(context.WithoutCancel(ctx), member, j, key))
	}
	_, version, err := j.Get(ctx, key)
	if err != nil {
		return err
	}
	return j.Delete(ctx, key, version)
}

func memberStack(i fleet.Instance, role string) fleet.MemberStack {
	return fleet.MemberStack{Target: i.Target, StackID: i.StackID, Role: role}
}

func tokens(id string, n int) []string {
	return []string{fmt.Sprintf("preview-%s-%d", id, n), fmt.Sprintf("preview-%s-%d-drift", id, n)}
}

func sample(ctx context.Context, member Member, stack fleet.MemberStack, tokens []string, p Proposal, set fleet.StackSet, v *Variant) error {
	update := fleet.Update{Parameters: p.Effective(set, v.Overrides), Capabilities: p.Capabilities, Template: p.Template}
	var err error
	if v.Standard, err = member.Preview(ctx, stack, tokens[0], update); err == nil && len(v.Drift) > 0 {
		update.DriftAware = true
		v.Aware, err = member.Preview(ctx, stack, tokens[1], update)
	}
	switch fleet.KindOf(err) {
	case fleet.Invalid, fleet.Denied, fleet.NotFound, fleet.Conflict:
		v.Failed = err.Error()
		return nil
	case "":
		return err
	}
	return fmt.Errorf("previewing the update of %s: %w", stack.Target, err)
}

// CleanUp deletes the change sets that earlier previews have left behind, and returns
// how many previews left any.
func CleanUp(ctx context.Context, member Member, j Journal) (int, error) {
	keys, err := j.Keys(ctx, previewsPrefix)
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		if err := clean(ctx, member, j, key); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}

func clean(ctx context.Context, member Member, j Journal, key string) error {
	text, version, err := j.Get(ctx, key)
	if err != nil || text == nil {
		return err
	}
	var doc pending
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	for _, s := range doc.Stacks {
		for _, token := range s.Tokens {
			if err := member.AbandonRevert(ctx, s.Stack, token); err != nil && fleet.KindOf(err) != fleet.NotFound {
				return fmt.Errorf("deleting the change set of an interrupted preview in %s: %w", s.Stack.Target, err)
			}
		}
	}
	return j.Delete(ctx, key, version)
}
