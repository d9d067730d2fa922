package resource

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Identity is all that a resource's id and attributes follow from.
type Identity struct {
	Account, Region, Partition string
	// StackID and Stack are the owner's id and name.
	StackID, Stack string
	LogicalID      string
	// Generation counts replacements and re-creations.
	Generation int
	Properties map[string]any
}

// PhysicalID is what the resource is called.
func (t *Type) PhysicalID(i *Identity) string {
	if t.ID == "" {
		return t.joined(i, t.refs)
	}
	return t.expand(t.ID, i, "")
}

// CloudControlID is the resource's identifier in Cloud Control.
func (t *Type) CloudControlID(i *Identity) string {
	switch {
	case t.Identifier != "":
		return t.expand(t.Identifier, i, t.PhysicalID(i))
	case t.Schema != nil && len(t.Schema.Identifier) > 1 && t.ID == "":
		return t.joined(i, t.Schema.Identifier)
	case t.Schema != nil && len(t.Schema.Identifier) == 1 && t.ID == "" && !slices.Equal(t.refs, t.Schema.Identifier):
		return t.joined(i, t.Schema.Identifier)
	}
	return t.PhysicalID(i)
}

// Attribute is what Fn::GetAtt returns: a text, a number, or a list of texts; false
// if the type has no such attribute. A custom resource has every attribute.
func (t *Type) Attribute(i *Identity, name string) (any, bool) {
	if pattern, ok := t.Attributes[name]; ok {
		return t.attribute(pattern, i, t.PhysicalID(i)), true
	}
	path := strings.ReplaceAll(name, ".", "/")
	if t.Schema != nil && !t.Open && !t.gettable(name, path) {
		return nil, false
	}
	if v := pick(i.Properties, path); v != nil {
		return v, true
	}
	if t.Schema != nil {
		if v, ok := t.generated(i, path); ok {
			return v, true
		}
		if !t.Open || t.gettable(name, path) {
			return "", true
		}
	}
	return t.guess(i, t.PhysicalID(i), name), true
}

// attribute fills in an attribute's pattern; one that begins with [] is a list,
// divided by spaces.
func (t *Type) attribute(pattern string, i *Identity, id string) any {
	text, isList := strings.CutPrefix(t.expand(pattern, i, id), "[]")
	if !isList {
		return text
	}
	list := []any{}
	for _, one := range strings.Fields(text) {
		list = append(list, one)
	}
	return list
}

// guess makes up an attribute of a type that the catalogue does not list.
func (t *Type) guess(i *Identity, id, name string) string {
	switch {
	case strings.HasSuffix(name, "Arn"):
		if strings.HasPrefix(id, "arn:") {
			return id
		}
		_, thing := t.split()
		return t.expand("arn:{partition}:"+t.Prefix+":{region}:{account}:"+strings.ToLower(thing)+"/{id}", i, id)
	case name == "Id" || strings.HasSuffix(name, "Name"):
		return id
	}
	return id + "-" + name
}

// Model is the resource as Cloud Control shows it: live properties and read-only
// ones.
func (t *Type) Model(i *Identity) map[string]any {
	id := t.PhysicalID(i)
	model := make(map[string]any, len(i.Properties)+len(t.Attributes)+1)
	if t.Schema == nil {
		for name, pattern := range t.Attributes {
			if !strings.Contains(name, ".") {
				model[name] = t.attribute(pattern, i, id)
			}
		}
	}
	properties := i.Properties
	if t.Schema != nil {
		properties = t.read(i, properties)
	}
	for p, v := range properties {
		model[p] = v
	}
	if t.NameProperty != "" && model[t.NameProperty] == nil && t.usesName() {
		model[t.NameProperty] = t.name(i)
	}
	if t.Schema != nil {
		t.addReadOnly(i, model)
	}
	for _, p := range t.WriteOnly {
		if _, isObject := model[p].(map[string]any); isObject && t.emptied(p) {
			model[p] = map[string]any{}
			continue
		}
		without(model, p)
	}
	return model
}

// reader fills in the tokens of rules for reads.
type reader struct {
	typ      *Type
	identity *Identity
}

// Expand is a token's text: Account, Region, Partition, Name, Id, Arn, uuid, hex17.
func (r reader) Expand(token string) string {
	switch token {
	case "Account", "Region", "Partition", "Name":
		return r.typ.token(strings.ToLower(token), r.identity, "")
	case "Id":
		return r.typ.PhysicalID(r.identity)
	case "Stack":
		return r.identity.Stack
	case "Arn":
		if pattern, ok := r.typ.Attributes["Arn"]; ok {
			return r.typ.expand(pattern, r.identity, r.typ.PhysicalID(r.identity))
		}
		return r.typ.generatedARN(r.identity, "Arn")
	}
	return r.typ.token(token, r.identity, "")
}

// expand fills in a pattern.
func (t *Type) expand(pattern string, i *Identity, id string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		var token string
		token, pattern, _ = strings.Cut(rest, "}")
		out.WriteString(t.token(token, i, id))
	}
}

func (t *Type) token(token string, i *Identity, id string) string {
	switch token {
	case "name":
		return t.name(i)
	case "id":
		return id
	case "account":
		return i.Account
	case "region":
		return i.Region
	case "partition":
		return i.Partition
	case "stack":
		return i.Stack
	case "logical":
		return i.LogicalID
	case "uuid":
		return i.uuid()
	case "bus|", "bus/": // an event bus other than the default one, and what divides it from the rest
		bus := propertyText(i.Properties["EventBusName"])
		if bus = bus[strings.LastIndexByte(bus, '/')+1:]; bus == "" || bus == "default" {
			return ""
		}
		return bus + token[3:]
	}
	if p, ok := strings.CutPrefix(token, "prop:"); ok {
		return propertyText(i.Properties[p])
	}
	return i.random(token)
}

// propertyText is a property's text; of a list it is the first member's.
func propertyText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		if len(v) > 0 {
			return propertyText(v[0])
		}
		return ""
	}
	return fmt.Sprint(v)
}

// name is the explicit name, or one of CloudFormation's making: stack name,
// logical id and a random part, shortened to what the service allows.
func (t *Type) name(i *Identity) string {
	if name, ok := t.Named(i.Properties); ok {
		return name
	}
	longest := t.NameMax
	if longest == 0 {
		longest = 255
	}
	random := i.random(cmp.Or(t.Random, "upper12"))
	stack, logical := cmp.Or(t.Stem, i.Stack), i.LogicalID
	if over := len(stack) + len(logical) + len(random) + 2 - longest; over > 0 {
		stack, logical = shorten(stack, logical, longest-len(random)-2)
	}
	name := stack + "-" + logical + "-" + random
	if t.Lower {
		name = strings.ToLower(name)
	}
	return name
}

// shorten cuts both parts so that they fit into n, the longer one more.
func shorten(stack, logical string, n int) (string, string) {
	half := n / 2
	switch {
	case len(logical) <= half:
		stack = stack[:n-len(logical)]
	case len(stack) <= n-half:
		logical = logical[:n-len(stack)]
	default:
		stack, logical = stack[:n-half], logical[:half]
	}
	return stack, logical
}

// alphabets are the characters of AWS's random parts.
var alphabets = map[string]string{
	"hex": "0123456789abcdef", "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
	"lower": "abcdefghijklmnopqrstuvwxyz0123456789", "digits": "0123456789",
	"mixed": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
}

// random makes the text for a token such as "hex17" from the identity.
func (i *Identity) random(token string) string {
	kind := strings.TrimRight(token, "0123456789")
	n, err := strconv.Atoi(token[len(kind):])
	alphabet, known := alphabets[kind]
	if err != nil || !known {
		return ""
	}
	sum := i.hash(token)
	out := make([]byte, n)
	for at := range out {
		if at > 0 && at%len(sum) == 0 {
			sum = sha256.Sum256(sum[:])
		}
		out[at] = alphabet[int(sum[at%len(sum)])%len(alphabet)]
	}
	return string(out)
}

// randomFor is random for a purpose of its own.
func (i *Identity) randomFor(token, purpose string) string {
	other := *i
	other.StackID = i.StackID + "\x00" + purpose
	return other.random(token)
}

func (i *Identity) uuid() string { return uuidOf(i.random("hex32")) }

// uuidFor is a UUID for a purpose of its own.
func (i *Identity) uuidFor(purpose string) string { return uuidOf(i.randomFor("hex32", purpose)) }

func uuidOf(h string) string {
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func (i *Identity) hash(purpose string) [32]byte {
	var buffer [256]byte
	b := append(buffer[:0], i.StackID...)
	b = append(append(b, 0), i.LogicalID...)
	b = append(append(b, 0), purpose...)
	b = binary.AppendVarint(append(b, 0), int64(i.Generation))
	return sha256.Sum256(b)
}
