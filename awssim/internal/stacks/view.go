package stacks

import (
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// view is a deployment as it is, or would be, in a stack. It answers the
// template's questions about the world.
type view struct {
	engine      *Engine
	stack       *stack
	deployment  *deployment
	binding     *template.Binding
	generations map[string]int
	// ahead counts replacements that are planned but not carried out.
	ahead map[string]int
	// resolved are values looked up for a deployment that is being planned; nil
	// for one that stands, which keeps its own.
	resolved map[string]string
	// imported are the exports that evaluation has used.
	imported []*export
	// unknown tells which resources' ids and attributes are not known yet; nil: all
	// are. Of the others, those of standing are.
	unknown  func(logicalID string) bool
	standing *view
}

// nothing is the deployment of a stack that has none yet.
var nothing = &deployment{template: &template.Template{}}

// view shows a stack's deployment as it stands.
func (e *Engine) view(s *stack) *view {
	if s.current == nil {
		return e.look(s, nothing, nil)
	}
	return e.look(s, s.current, nil)
}

// plan shows a deployment that a stack is to get.
func (e *Engine) plan(s *stack, d *deployment) (*view, error) {
	resolved, err := e.lookUp(s.place, d)
	if err != nil {
		return nil, err
	}
	return e.look(s, d, resolved), nil
}

func (e *Engine) look(s *stack, d *deployment, resolved map[string]string) *view {
	v := &view{engine: e, stack: s, deployment: d, resolved: resolved, generations: s.generations()}
	if resolved == nil && s.more != nil {
		v.resolved = s.more.resolved
	}
	at := template.Place{Account: s.account, Region: s.region, Partition: e.world.Options.Partition, StackID: s.id, StackName: s.name}
	if s.more != nil {
		at.NotificationARNs = s.more.notify
	}
	v.binding = d.template.Bind(v.values(), at, v)
	return v
}

// values are the deployment's with SSM parameters resolved.
func (v *view) values() map[string]string {
	values := v.deployment.values
	if len(v.resolved) == 0 {
		return values
	}
	out := make(map[string]string, len(values))
	for key, value := range values {
		if p, ok := v.deployment.template.Parameter(key); ok && isSSM(p) {
			value = v.resolved[ssmKey(value)]
		}
		out[key] = value
	}
	return out
}

func isSSM(p *template.Parameter) bool { _, ok := p.SSM(); return ok }

// ssmKey is where a view keeps the value of an SSM parameter.
func ssmKey(name string) string { return "ssm:" + name }

// lookUp resolves the SSM parameters and dynamic references of a deployment.
func (e *Engine) lookUp(p place, d *deployment) (map[string]string, error) {
	found := map[string]string{}
	var missing []string
	for _, parameter := range d.template.Parameters {
		name := d.values[parameter.Key]
		if !isSSM(parameter) {
			continue
		}
		value, ok := e.parameter(p, name)
		if !ok {
			missing = append(missing, name)
		}
		found[ssmKey(name)] = value
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, core.Invalid("Unable to fetch parameters [%s] from parameter store for this account.", join(missing))
	}
	return found, nil
}

func (e *Engine) parameter(p place, name string) (string, bool) {
	if e.options.Parameters == nil {
		return "", false
	}
	value, _, ok := e.options.Parameters.Value(p.account, p.region, name)
	return value, ok
}

// resources lists the resources whose conditions hold, dependencies first.
func (v *view) resources() ([]*template.Resource, error) {
	var out []*template.Resource
	for _, r := range v.deployment.template.Order() {
		active, err := v.binding.Active(r)
		if err != nil {
			return nil, refusal(err)
		}
		if active {
			out = append(out, r)
		}
	}
	return out, nil
}

// active finds a resource whose condition holds.
func (v *view) active(logicalID string) (*template.Resource, bool) {
	r, ok := v.deployment.template.Resource(logicalID)
	if !ok {
		return nil, false
	}
	holds, err := v.binding.Active(r)
	return r, err == nil && holds
}

// expected evaluates a resource's properties.
func (v *view) expected(r *template.Resource) (map[string]any, error) { return v.binding.Properties(r) }

// identity tells all that a resource's id follows from.
func (v *view) identity(r *template.Resource) (*resource.Identity, error) {
	properties, err := v.expected(r)
	if err != nil {
		return nil, err
	}
	if m := v.stack.more; m != nil && m.adopted[r.LogicalID] != nil && v.ahead[r.LogicalID] == 0 {
		i := *m.adopted[r.LogicalID]
		i.Properties = properties
		return &i, nil
	}
	return &resource.Identity{
		Account: v.stack.account, Region: v.stack.region, Partition: v.engine.world.Options.Partition,
		StackID: v.stack.id, Stack: v.stack.name, LogicalID: r.LogicalID,
		Generation: v.generations[r.LogicalID] + v.ahead[r.LogicalID],
		Properties: properties,
	}, nil
}

// PhysicalID is what Ref yields.
func (v *view) PhysicalID(r *template.Resource) (string, error) {
	if v.unknown != nil {
		old, ok := v.known(r)
		if !ok {
			return knownAfterApply, nil
		}
		return v.standing.PhysicalID(old)
	}
	if m := v.stack.madeOf(r.LogicalID); m.id != "" && v.ahead[r.LogicalID] == 0 {
		return m.id, nil
	}
	i, err := v.identity(r)
	if err != nil {
		return "", err
	}
	return resource.Find(r.Type).PhysicalID(i), nil
}

// notMadeYet is shown for the attribute of a resource that its maker has not made.
const notMadeYet = "not-made-yet"

// unsupported is the error of an attribute that a type does not have. In outputs
// AWS notices when it has made the resources; anywhere else at once.
type unsupported struct{ logicalID, typ, attribute string }

func (u *unsupported) Error() string {
	return "Template error: resource " + u.logicalID + " does not support attribute type " + u.attribute + " in Fn::GetAtt"
}

// late is what the stack fails for where the attribute is one of an output.
func (u *unsupported) late(t *template.Template) *failure {
	path := t.AttributePath(u.logicalID, u.attribute)
	return &failure{reason: "[Error] " + path + ": Resource type " + u.typ + " does not support attribute {" + u.attribute + "}."}
}

// known finds the resource as it stands, unless what it will be is not known yet.
func (v *view) known(r *template.Resource) (*template.Resource, bool) {
	if v.standing == nil || v.unknown(r.LogicalID) {
		return nil, false
	}
	return v.standing.active(r.LogicalID)
}

// Attribute is what Fn::GetAtt yields.
func (v *view) Attribute(r *template.Resource, name string) (any, error) {
	if v.unknown != nil {
		old, ok := v.known(r)
		if !ok {
			return knownAfterApply, nil
		}
		return v.standing.Attribute(old, name)
	}
	if v.engine.maker(r.Type) != nil {
		m := v.stack.madeOf(r.LogicalID)
		if value, ok := m.attributes[name]; ok {
			return value, nil
		}
		if m.id == "" { // it is not made yet: whatever it will be
			return notMadeYet, nil
		}
	}
	i, err := v.identity(r)
	if err != nil {
		return nil, err
	}
	if r.Type == vpcType && name == "Ipv6CidrBlocks" {
		return v.ipv6Blocks(r)
	}
	value, ok := resource.Find(r.Type).Attribute(i, name)
	if !ok {
		return nil, &unsupported{r.LogicalID, r.Type, name}
	}
	return value, nil
}

// Import is the value of another stack's export. A stack's own exports are none
// to it.
func (v *view) Import(name string) (any, error) {
	if i := slices.IndexFunc(v.stack.imports, func(x *export) bool { return x.name == name }); i >= 0 {
		x := v.stack.imports[i]
		v.use(x)
		return x.value, nil
	}
	x, ok := v.engine.exports[exportName{v.stack.place, name}]
	if !ok || x.leaving || x.stack == v.stack {
		return nil, &missingExport{name}
	}
	v.use(x)
	return x.value, nil
}

func (v *view) use(x *export) {
	if !slices.Contains(v.imported, x) {
		v.imported = append(v.imported, x)
	}
}

// Zones lists a region's Availability Zones.
func (v *view) Zones(region string) ([]string, error) {
	return zonesOf(region), nil
}

// Resolve is the value of a dynamic reference, as it was when it was deployed.
// Secrets are not kept: they resolve to a placeholder of letters and digits, so
// that it passes where a property has a pattern.
func (v *view) Resolve(d template.DynamicReference) (string, error) {
	if d.Service != "ssm" {
		return standIn(d.Text), nil
	}
	key := ssmKey(d.Key)
	if value, ok := v.resolved[key]; ok {
		return value, nil
	}
	value, ok := v.engine.parameter(v.stack.place, d.Key)
	if !ok {
		return "", &template.Error{Message: "Parameters: [ssm:" + d.Key + "] cannot be found."}
	}
	if v.resolved != nil {
		v.resolved[key] = value
	}
	return value, nil
}

// standIn is the placeholder for a secret.
func standIn(reference string) string {
	h := fnv.New64a()
	h.Write([]byte(reference))
	return fmt.Sprintf("secret%016x", h.Sum64())
}
