package template

import (
	"slices"
	"strings"
)

// pseudo are the pseudo parameters.
var pseudo = []string{"AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region",
	"AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}

// references is what a value refers to.
type references struct {
	names      []string // Ref and ${Name}: parameters, resources
	attributes []string // Fn::GetAtt and ${Resource.Attribute}: resources
	variables  []string // ${Resource.Attribute} alone, whole
	conditions []string
	mappings   []string
}

func referencesIn(v any) references {
	var r references
	walk(v, func(f *Func) { r.add(f) })
	return r
}

func (r *references) add(f *Func) {
	switch f.Name {
	case "Ref":
		r.names = append(r.names, f.Arg.(string))
	case "Fn::GetAtt":
		r.attributes = append(r.attributes, f.list()[0].(string))
	case "Condition":
		r.conditions = append(r.conditions, f.Arg.(string))
	case "Fn::If":
		r.conditions = append(r.conditions, f.list()[0].(string))
	case "Fn::FindInMap":
		if name, ok := f.list()[0].(string); ok && len(f.list()) == 3 { // with a default it may be missing
			r.mappings = append(r.mappings, name)
		}
	case "Fn::Sub":
		r.addSub(f)
	}
}

func (r *references) addSub(f *Func) {
	parts, values := subParts(f)
	for _, p := range parts {
		if p.variable == "" {
			continue
		}
		if values != nil {
			if _, own := values.Values[p.variable]; own {
				continue
			}
		}
		if resource, _, dotted := strings.Cut(p.variable, "."); dotted {
			r.attributes = append(r.attributes, resource)
			r.variables = append(r.variables, p.variable)
		} else {
			r.names = append(r.names, p.variable)
		}
	}
}

// checkReferences resolves every reference in the template.
func (t *Template) checkReferences() error {
	if err := t.checkConditions(); err != nil {
		return err
	}
	for _, r := range t.Resources {
		if err := checkFunctions(r.everything(), t.dialect()); err != nil {
			return err
		}
	}
	for _, r := range t.Resources {
		if err := t.checkResource(r); err != nil {
			return err
		}
	}
	for _, o := range t.Outputs {
		if err := t.checkOutput(o); err != nil {
			return err
		}
	}
	return t.collectDynamic()
}

func (t *Template) dialect() dialect { return dialect{extended: t.extended} }

// everything is all that may hold functions.
func (r *Resource) everything() []any {
	all := append([]any{r.Properties, r.Metadata}, r.attributes...)
	for _, name := range sortedKeys(r.policies) {
		all = append(all, r.policies[name])
	}
	return all
}

// checkConditions lets conditions refer to parameters and each other only.
func (t *Template) checkConditions() error {
	for _, name := range sortedKeys(t.conditions) {
		v := t.conditions[name]
		if err := checkFunctions(v, t.dialect()); err != nil {
			return err
		}
		if err := checkConditionFunctions(v); err != nil {
			return err
		}
		refs := referencesIn(v)
		if bad := t.unresolved(refs.names, false); len(bad) > 0 || len(refs.attributes) > 0 {
			return failf("Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template",
				strings.Join(append(bad, refs.attributes...), ", "))
		}
		if err := t.checkNames(refs, "Conditions"); err != nil {
			return err
		}
	}
	if name, found := t.circularCondition(); found {
		return failf("Template format error: Found circular condition dependency with %s", name)
	}
	return nil
}

// circularCondition finds a condition that depends on itself.
func (t *Template) circularCondition() (string, bool) {
	finished := map[string]bool{}
	for _, name := range sortedKeys(t.conditions) {
		if t.conditionCycle(name, map[string]bool{}, finished) {
			return name, true
		}
	}
	return "", false
}

// checkConditionFunctions refuses what AWS does not evaluate in conditions.
func checkConditionFunctions(v any) error {
	var first error
	walk(v, func(f *Func) {
		switch f.Name {
		case "Fn::ImportValue":
			first = failf("Template error: Cannot use Fn::ImportValue in Conditions.")
		case "Fn::If", "Fn::GetAZs", "Fn::Cidr", "Fn::GetStackOutput":
			first = failf("Template format error: Conditions can only be boolean operations on parameters and other conditions")
		}
	})
	return first
}

// conditionCycle follows Condition references depth first; finished holds what is
// known to lead into no cycle, so that each condition is entered once.
func (t *Template) conditionCycle(name string, open, finished map[string]bool) bool {
	if open[name] || finished[name] {
		return open[name]
	}
	open[name] = true
	for _, next := range referencesIn(t.conditions[name]).conditions {
		if t.conditionCycle(next, open, finished) {
			return true
		}
	}
	delete(open, name)
	finished[name] = true
	return false
}

// checkNames resolves the conditions and mappings that a value names.
func (t *Template) checkNames(refs references, block string) error {
	for _, c := range refs.conditions {
		if _, ok := t.conditions[c]; !ok {
			return failf("Template format error: Unresolved condition dependency %s in the %s block of the template", c, block)
		}
	}
	for _, m := range refs.mappings {
		if _, ok := t.mappings[m]; !ok {
			return failf("Template error: Mapping named '%s' is not present in the 'Mappings' section of template.", m)
		}
	}
	return nil
}

func (t *Template) checkResource(r *Resource) error {
	refs := referencesIn(r.everything())
	if r.Condition != "" {
		refs.conditions = append(refs.conditions, r.Condition)
	}
	if err := t.checkNames(refs, "Resources"); err != nil {
		return err
	}
	if bad := t.unresolved(append(refs.names, r.DependsOn...), true); len(bad) > 0 {
		return failf("Template format error: Unresolved resource dependencies [%s] in the Resources block of the template", strings.Join(bad, ", "))
	}
	if err := t.checkAttributes(refs); err != nil {
		return err
	}
	for _, name := range slices.Concat(refs.names, refs.attributes, r.DependsOn) {
		if _, ok := t.byName[name]; ok {
			r.needs = append(r.needs, name)
		}
	}
	slices.Sort(r.needs)
	r.needs = slices.Compact(r.needs)
	return nil
}

func (t *Template) checkAttributes(refs references) error {
	for _, name := range refs.variables {
		resource, _, _ := strings.Cut(name, ".")
		if _, ok := t.byName[resource]; !ok {
			return failf("Template error: instance of Fn::Sub references invalid resource attribute %s", name)
		}
	}
	for _, name := range refs.attributes {
		if _, ok := t.byName[name]; !ok {
			return failf("Template error: instance of Fn::GetAtt references undefined resource %s", name)
		}
	}
	return nil
}

func (t *Template) checkOutput(o *Output) error {
	both := []any{o.value, o.export}
	if err := checkFunctions(both, t.dialect()); err != nil {
		return err
	}
	refs := referencesIn(both)
	if o.Condition != "" {
		refs.conditions = append(refs.conditions, o.Condition)
	}
	if err := t.checkNames(refs, "Outputs"); err != nil {
		return err
	}
	if bad := t.unresolved(refs.names, true); len(bad) > 0 {
		return failf("Template format error: Unresolved resource dependencies [%s] in the Outputs block of the template", strings.Join(bad, ", "))
	}
	if used := referencesIn(o.export); t.namesResource(used) {
		return failf("Template format error: Output %s is malformed. The Name field of every Export member must not depend on any resources, imported values, or Fn::GetAZs.", o.Key)
	}
	return t.checkAttributes(refs)
}

func (t *Template) namesResource(refs references) bool {
	return len(refs.attributes) > 0 || slices.ContainsFunc(refs.names, func(n string) bool { _, ok := t.byName[n]; return ok })
}

// unresolved lists the names that are neither parameters nor, if allowed,
// resources; sorted, each once.
func (t *Template) unresolved(names []string, resources bool) []string {
	var bad []string
	for _, name := range names {
		_, isParameter := t.parameter[name]
		_, isResource := t.byName[name]
		if !isParameter && !slices.Contains(pseudo, name) && !(resources && isResource) {
			bad = append(bad, name)
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad)
}

// sortResources puts dependencies first and refuses cycles.
func (t *Template) sortResources() error {
	done := make(map[string]bool, len(t.Resources))
	for len(t.order) < len(t.Resources) {
		before := len(t.order)
		for _, r := range t.Resources {
			if !done[r.LogicalID] && allDone(r.needs, done) {
				t.order = append(t.order, r)
				done[r.LogicalID] = true
			}
		}
		if len(t.order) == before {
			return failf("Circular dependency between resources: [%s]", strings.Join(t.cyclic(done), ", "))
		}
	}
	return nil
}

// cyclic lists the resources on cycles: what is left once everything that
// nothing left depends on is taken away too.
func (t *Template) cyclic(done map[string]bool) []string {
	users := map[string]int{} // how many of the rest need it
	var free []string
	for _, r := range t.Resources {
		if !done[r.LogicalID] {
			users[r.LogicalID] += 0
			for _, need := range r.needs {
				users[need]++
			}
		}
	}
	for name, n := range users {
		if n == 0 {
			free = append(free, name)
		}
	}
	for len(free) > 0 {
		name := free[len(free)-1]
		free = free[:len(free)-1]
		delete(users, name)
		for _, need := range t.byName[name].needs {
			if users[need]--; users[need] == 0 {
				free = append(free, need)
			}
		}
	}
	for name := range done { // needed by the rest, but on no cycle
		delete(users, name)
	}
	return sortedKeys(users)
}

func allDone(names []string, done map[string]bool) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !done[n] })
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
