package asl

import (
	"fmt"
	"strings"
)

// A Diagram is a definition as boxes and arrows: the states of a program, and
// within the box of a Parallel or Map the programs that it runs.
type Diagram struct{ root *panel }

// A panel is a program: its boxes in the order of the definition, and the arrows
// between them.
type panel struct {
	start  *box
	boxes  []*box
	arrows []arrow
}

// A box is a state.
type box struct {
	id     string // unique in the diagram
	name   string
	kind   Kind
	ends   bool // the program can end here
	inside []*panel
}

type arrow struct {
	from, to *box
	label    string
}

// Graph draws a definition.
func Graph(m *Machine) *Diagram {
	n := 0
	return &Diagram{root: newPanel(m.root, &n)}
}

func newPanel(p *program, n *int) *panel {
	pn := &panel{}
	boxes := map[*state]*box{}
	for _, s := range p.states {
		b := &box{id: fmt.Sprintf("s%d", *n), name: s.name, kind: s.kind, ends: s.end}
		*n++
		for _, inner := range s.work.programs() {
			b.inside = append(b.inside, newPanel(inner, n))
		}
		boxes[s] = b
		pn.boxes = append(pn.boxes, b)
	}
	pn.start = boxes[p.start]
	for _, s := range p.states {
		if s.next != nil {
			pn.arrows = append(pn.arrows, arrow{boxes[s], boxes[s.next], ""})
		}
		for _, t := range s.allTargets() {
			pn.arrows = append(pn.arrows, arrow{boxes[s], boxes[*t.to], t.label})
		}
	}
	return pn
}

// Mermaid is the diagram as text for Mermaid, a stateDiagram-v2.
func (d *Diagram) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	d.root.mermaid(&b, "    ")
	return b.String()
}

func (p *panel) mermaid(b *strings.Builder, indent string) {
	for _, bx := range p.boxes {
		fmt.Fprintf(b, "%sstate \"%s\" as %s", indent, mermaidText(bx.name+" · "+string(bx.kind)), bx.id)
		if len(bx.inside) > 0 {
			b.WriteString(" {\n")
			for i, inner := range bx.inside {
				if i > 0 {
					b.WriteString(indent + "    --\n") // beside one another
				}
				inner.mermaid(b, indent+"    ")
			}
			b.WriteString(indent + "}")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "%s[*] --> %s\n", indent, p.start.id)
	for _, a := range p.arrows {
		fmt.Fprintf(b, "%s%s --> %s", indent, a.from.id, a.to.id)
		if a.label != "" {
			b.WriteString(": " + mermaidText(a.label))
		}
		b.WriteByte('\n')
	}
	for _, bx := range p.boxes {
		if bx.ends {
			fmt.Fprintf(b, "%s%s --> [*]\n", indent, bx.id)
		}
	}
}

// mermaidText replaces what Mermaid would take for its own, by its entities.
func mermaidText(s string) string {
	return strings.NewReplacer("#", "#35;", "\"", "#34;", ";", "#59;", ":", "#58;", "<", "#60;", ">", "#62;", "{", "#123;", "}", "#125;",
		"\n", " ", "\r", " ").Replace(s)
}
