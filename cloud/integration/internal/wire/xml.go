package wire

import (
	"strings"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// xmlBody writes an XML document, without declaration, as Python's ElementTree
// does.
func xmlBody(root string, ns *model.Namespace, v any, m *model.Member) []byte {
	var b strings.Builder
	element(&b, root, ns, v, m)
	return []byte(b.String())
}

var (
	textEscapes      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;", "\n", "&#xA;")
	attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;", "\n", "&#10;", "\t", "&#09;")
)

// element writes a value as an element; m is nil for a root without a member.
func element(b *strings.Builder, name string, ns *model.Namespace, v any, m *model.Member) {
	attributes := ""
	if ns != nil {
		attribute := "xmlns"
		if ns.Prefix != "" {
			attribute += ":" + ns.Prefix
		}
		attributes = " " + attribute + `="` + attributeEscapes.Replace(ns.URI) + `"`
	}
	var inner strings.Builder
	switch v := v.(type) {
	case *Struct:
		for _, f := range v.Fields {
			if f.Member.Attribute {
				attributes += " " + f.Member.WireName() + `="` + attributeEscapes.Replace(scalar(f.Value, f.Member, iso8601)) + `"`
				continue
			}
			child(&inner, f.Member.WireName(), f.Value, f.Member)
		}
	case []any:
		elem := m.Shape.Elem()
		itemName := elem.Wire
		if itemName == "" {
			itemName = "member"
		}
		for _, item := range v {
			child(&inner, itemName, item, elem)
		}
	case *Object:
		for _, e := range v.Entries {
			inner.WriteString("<entry>")
			entry(&inner, m.Shape, e)
			inner.WriteString("</entry>")
		}
	default:
		inner.WriteString(textEscapes.Replace(scalar(v, m, iso8601)))
	}
	if inner.Len() == 0 {
		b.WriteString("<" + name + attributes + " />")
		return
	}
	b.WriteString("<" + name + attributes + ">" + inner.String() + "</" + name + ">")
}

func child(b *strings.Builder, name string, v any, m *model.Member) {
	if m.IsFlattened() {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				element(b, name, m.Shape.Elem().NamespaceOf(), item, m.Shape.Elem())
			}
			return
		case *Object:
			for _, e := range v.Entries {
				b.WriteString("<" + name + ">")
				entry(b, m.Shape, e)
				b.WriteString("</" + name + ">")
			}
			return
		}
	}
	element(b, name, m.NamespaceOf(), v, m)
}

func entry(b *strings.Builder, s *model.Shape, e Entry) {
	key, value := mapNames(s)
	child(b, key, e.Key, s.Members[0])
	child(b, value, e.Value, s.Members[1])
}
