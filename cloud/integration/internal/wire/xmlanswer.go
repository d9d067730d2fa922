package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// A node is an XML element, its names without namespaces.
type node struct {
	name       string
	text       string
	attributes map[string]string
	children   []*node
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// parseXML reads a document; nil if there is none.
func parseXML(body []byte) (*node, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	top := &node{}
	path := []*node{top}
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			if len(top.children) == 0 {
				return nil, errors.New("no XML element came")
			}
			return top.children[0], nil
		case err != nil:
			return nil, err
		case len(path) > maxDepth:
			return nil, fmt.Errorf("nested more than %d deep", maxDepth)
		}
		here := path[len(path)-1]
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local}
			for _, a := range t.Attr {
				if n.attributes == nil {
					n.attributes = map[string]string{}
				}
				n.attributes[a.Name.Local] = a.Value
			}
			here.children = append(here.children, n)
			path = append(path, n)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			here.text += string(t)
		}
	}
}

func structFromXML(out *Struct, s *model.Shape, n *node) error {
	for _, m := range s.Members {
		if m.Location != "" {
			continue
		}
		if m.Attribute {
			name := m.WireName()
			if text, ok := n.attributes[name[strings.LastIndex(name, ":")+1:]]; ok {
				out.Set(m, text)
			}
			continue
		}
		value, err := memberFromXML(m, n)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		if value != nil {
			out.Set(m, value)
		}
	}
	return nil
}

// memberFromXML finds a structure's member in its element; nil if it is not there.
func memberFromXML(m *model.Member, in *node) (any, error) {
	name := m.WireName()
	collection := m.Shape.Kind == model.List || m.Shape.Kind == model.Map
	if !collection || !m.IsFlattened() {
		n := in.child(name)
		if n == nil {
			return nil, nil
		}
		return fromXML(m, n)
	}
	if m.Shape.Kind == model.List && m.Shape.Elem().Wire != "" {
		name = m.Shape.Elem().Wire
	}
	var found []*node
	for _, c := range in.children {
		if c.name == name {
			found = append(found, c)
		}
	}
	if found == nil {
		return nil, nil
	}
	return collectionFromXML(m.Shape, found)
}

// fromXML reads an element's value.
func fromXML(m *model.Member, n *node) (any, error) {
	switch m.Shape.Kind {
	case model.Structure:
		out := &Struct{}
		return out, structFromXML(out, m.Shape, n)
	case model.List, model.Map:
		return collectionFromXML(m.Shape, n.children)
	case model.Boolean:
		return strings.TrimSpace(n.text) == "true", nil
	case model.Integer, model.Long, model.Float, model.Double:
		text := strings.TrimSpace(n.text)
		if text == "" {
			return nil, nil
		}
		return json.Number(text), nil
	case model.Blob:
		return base64.StdEncoding.DecodeString(strings.TrimSpace(n.text))
	case model.Timestamp:
		if strings.TrimSpace(n.text) == "" {
			return nil, nil
		}
		return parseTime(n.text)
	}
	return n.text, nil
}

func collectionFromXML(s *model.Shape, nodes []*node) (any, error) {
	if s.Kind == model.List {
		list := make([]any, 0, len(nodes))
		for _, n := range nodes {
			value, err := fromXML(s.Elem(), n)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	}
	keyName, valueName := mapNames(s)
	out := &Object{}
	for _, n := range nodes {
		key, value := n.child(keyName), n.child(valueName)
		if key == nil || value == nil {
			continue
		}
		v, err := fromXML(s.Elem(), value)
		if err != nil {
			return nil, err
		}
		out.Set(key.text, v)
	}
	return out, nil
}
