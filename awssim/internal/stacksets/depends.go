package stacksets

import (
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// The documented limits of dependencies between stack sets' automatic deployments.
const (
	maxDependencies        = 10  // of one stack set
	maxAccountDependencies = 100 // of all sets of an account
)

// setAutoDeployment changes a set's automatic deployment; nil leaves it. The
// structure is replaced as a whole: dependencies that it does not name are gone,
// which is how AWS's announcement has them removed.
func (s *Service) setAutoDeployment(t *set, in *AutoDeployment) error {
	if in == nil {
		return nil
	}
	enabled := in.Enabled != nil && *in.Enabled
	retain := in.RetainStacksOnAccountRemoval != nil && *in.RetainStacksOnAccountRemoval
	switch {
	case !t.serviceManaged():
		return core.Invalid("AutoDeployment can only be specified for StackSets with SERVICE_MANAGED permission model")
	case !enabled && in.RetainStacksOnAccountRemoval != nil:
		return core.Invalid("RetainStacksOnAccountRemoval can only be specified if AutoDeployment is enabled")
	case !enabled && len(in.DependsOn) > 0:
		return core.Invalid("DependsOn can only be specified if AutoDeployment is enabled")
	}
	dependsOn, err := s.checkDependencies(t, in.DependsOn)
	if err != nil {
		return err
	}
	t.auto = autoDeployment{enabled: enabled, retain: retain, dependsOn: dependsOn}
	return nil
}

// checkDependencies holds dependencies against the limits, looks them up and
// refuses cycles.
func (s *Service) checkDependencies(t *set, arns []string) ([]string, error) {
	if len(arns) > maxDependencies {
		return nil, limitExceeded("A StackSet can have at most %d auto-deployment dependencies", maxDependencies)
	}
	total := len(arns)
	for _, other := range s.arns {
		if other.account == t.account && other.uuid != t.uuid {
			total += len(other.auto.dependsOn)
		}
	}
	if total > maxAccountDependencies {
		return nil, limitExceeded("An account can have at most %d auto-deployment dependencies", maxAccountDependencies)
	}
	var out []string
	for _, arn := range arns {
		known := s.byARN(arn)
		if known == nil || known.account != t.account || !known.serviceManaged() {
			return nil, core.Invalid("StackSet %s in DependsOn does not exist", arn)
		}
		if !slices.Contains(out, known.arn()) {
			out = append(out, known.arn())
		}
	}
	if s.reaches(out, t.arn(), map[string]bool{}) {
		return nil, core.Errorf(http.StatusBadRequest, s.options.CycleCode, "Detected cycle(s) between auto-deployment dependencies")
	}
	return out, nil
}

// byARN finds an active set. AWS's own examples write the resource type in three
// ways: stackset, StackSet and Stackset.
func (s *Service) byARN(arn string) *set {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return nil
	}
	kind, name, _ := strings.Cut(parts[5], "/")
	return s.arns[strings.Join(parts[:5], ":")+":"+strings.ToLower(kind)+"/"+name]
}

// reaches reports whether a set can be reached along dependencies.
func (s *Service) reaches(from []string, goal string, seen map[string]bool) bool {
	for _, arn := range from {
		if arn == goal {
			return true
		}
		if seen[arn] || s.arns[arn] == nil {
			continue
		}
		seen[arn] = true
		if s.reaches(s.arns[arn].auto.dependsOn, goal, seen) {
			return true
		}
	}
	return false
}

// dropDependency takes a deleted set out of the others' dependencies.
func (s *Service) dropDependency(arn string) {
	for _, t := range s.arns {
		t.auto.dependsOn = without(t.auto.dependsOn, arn)
	}
}

// inOrder puts sets so that each comes after those it depends on, by ARN where
// that leaves a choice.
func (s *Service) inOrder(sets []*set) []*set {
	slices.SortFunc(sets, func(a, b *set) int { return strings.Compare(a.arn(), b.arn()) })
	placed := map[*set]bool{}
	var out []*set
	var place func(t *set)
	place = func(t *set) {
		if placed[t] {
			return
		}
		placed[t] = true
		for _, arn := range t.auto.dependsOn {
			if d := s.arns[arn]; d != nil && slices.Contains(sets, d) {
				place(d)
			}
		}
		out = append(out, t)
	}
	for _, t := range sets {
		place(t)
	}
	return out
}
