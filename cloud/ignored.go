package cloud

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/fleet"
)

// A drift-aware change set names the attributes whose drift it ignores
// (ResourceDriftIgnoredAttributes), whether they drifted or not: a property that
// AWS cannot read back (WRITE_ONLY_PROPERTY, such as a function's code) is named of
// every resource that has one. Whether it drifted is in the stack's last drift
// detection alone. What AWS itself is expected to change (MANAGED_BY_AWS) is not to
// be put back by anything.

// putBack gives each change the attributes that drifted and stay so. It reads the
// stack's drifted resources where AWS's answer makes that necessary.
func (m reach) putBack(ctx context.Context, from []cfn.Change, changes []fleet.RevertChange) error {
	ignored := ignoredOf(from)
	if len(ignored) == 0 {
		return nil
	}
	drifts, err := m.driftedResources(ctx)
	if err != nil {
		return err
	}
	for i := range changes {
		for _, attribute := range ignored[changes[i].LogicalID] {
			if slices.ContainsFunc(drifts, func(d fleet.ResourceDrift) bool {
				return d.LogicalID == changes[i].LogicalID && concerns(d, aws.ToString(attribute.Path))
			}) {
				changes[i].Ignored = append(changes[i].Ignored, aws.ToString(attribute.Path)+": "+string(attribute.Reason))
			}
		}
	}
	return nil
}

// ignoredOf returns the attributes that may have drifted and stay so, by resource.
func ignoredOf(from []cfn.Change) map[string][]cfn.ResourceDriftIgnoredAttribute {
	ignored := map[string][]cfn.ResourceDriftIgnoredAttribute{}
	for _, change := range from {
		r := change.ResourceChange
		if r == nil || r.ResourceDriftStatus == cfn.StackResourceDriftStatusInSync || r.ResourceDriftStatus == cfn.StackResourceDriftStatusDeleted {
			continue // a resource that is made again is made as its template says
		}
		for _, attribute := range r.ResourceDriftIgnoredAttributes {
			if attribute.Reason != cfn.DriftIgnoredReasonManagedByAws {
				ignored[aws.ToString(r.LogicalResourceId)] = append(ignored[aws.ToString(r.LogicalResourceId)], attribute)
			}
		}
	}
	return ignored
}

// concerns reports whether a difference is at the attribute's path, above or below
// it. A change set's paths begin with /Properties, those of drift detection do not.
func concerns(d fleet.ResourceDrift, path string) bool {
	path = strings.TrimPrefix(path, "/Properties")
	return slices.ContainsFunc(d.Differences, func(p fleet.PropertyDifference) bool {
		return within(p.Path, path) || within(path, p.Path)
	})
}

func within(inner, outer string) bool { return inner == outer || strings.HasPrefix(inner, outer+"/") }
