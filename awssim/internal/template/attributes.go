package template

// Metadata evaluates a resource's Metadata attribute; nil if it has none.
func (b *Binding) Metadata(r *Resource) (any, error) {
	if r.Metadata == nil {
		return nil, nil
	}
	return b.eval(r.Metadata)
}

// AttributePath is where the outputs first use an attribute of a resource, such as
// /Outputs/Name/Value/Fn::GetAtt; "" if they do not.
func (t *Template) AttributePath(logicalID, attribute string) string {
	for _, o := range t.Outputs {
		if path, found := attributeIn(o.value, "/Outputs/"+o.Key+"/Value", logicalID, attribute); found {
			return path
		}
	}
	return ""
}

// attributeIn searches a value for a Fn::GetAtt, and returns its path.
func attributeIn(v any, at, logicalID, attribute string) (string, bool) {
	switch v := v.(type) {
	case *Map:
		for _, k := range v.Keys {
			if path, found := attributeIn(v.Values[k], at+"/"+k, logicalID, attribute); found {
				return path, true
			}
		}
	case []any:
		for _, one := range v {
			if path, found := attributeIn(one, at, logicalID, attribute); found {
				return path, true
			}
		}
	case *Func:
		at += "/" + v.Name
		if l := v.list(); v.Name == "Fn::GetAtt" && len(l) == 2 && l[0] == logicalID && l[1] == attribute {
			return at, true
		}
		return attributeIn(v.Arg, at, logicalID, attribute)
	}
	return "", false
}

// HasCreationPolicy reports whether the resource declares one.
func (r *Resource) HasCreationPolicy() bool { return len(r.attributes) > 0 && r.attributes[0] != nil }

// CreationPolicy evaluates a resource's CreationPolicy; nil if it has none. It fails
// where a function in it cannot be evaluated.
func (b *Binding) CreationPolicy(r *Resource) (map[string]any, error) {
	if !r.HasCreationPolicy() {
		return nil, nil
	}
	v, err := b.eval(r.attributes[0])
	policy, _ := v.(map[string]any)
	return policy, err
}
