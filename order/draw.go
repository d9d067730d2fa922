package order

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// Mermaid writes the graph as a Mermaid flowchart. An arrow leads from a set to
// those that come after it; dotted where only AWS has the dependency, crossed
// between sets that must not share a target.
func (g Graph) Mermaid(w io.Writer) error {
	b := bufio.NewWriter(w)
	ids := g.ids()
	fmt.Fprintln(b, "flowchart LR")
	for i, level := range g.Levels {
		fmt.Fprintf(b, "  subgraph level%d [level %d]\n", i+1, i+1)
		for _, set := range level {
			fmt.Fprintf(b, "    %s[\"%s\"]\n", ids[set], mermaidText(string(set)))
		}
		fmt.Fprintln(b, "  end")
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if !e.Declared {
			arrow = "-.->"
		}
		fmt.Fprintf(b, "  %s %s %s\n", ids[e.To], arrow, ids[e.From])
	}
	for _, c := range g.Conflicts {
		fmt.Fprintf(b, "  %s x--x %s\n", ids[c.A], ids[c.B])
	}
	return b.Flush()
}

// mermaidText escapes what ends a quoted label. AWS's names have letters, digits
// and hyphens only; a name from elsewhere must not end its label either.
func mermaidText(s string) string {
	return strings.NewReplacer("&", "#amp;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace(s)
}

// ids gives every set a short identifier.
func (g Graph) ids() map[fleet.StackSetName]string {
	ids := map[fleet.StackSetName]string{}
	for _, level := range g.Levels {
		for _, set := range level {
			ids[set] = "s" + strconv.Itoa(len(ids)+1)
		}
	}
	return ids
}

// DOT writes the graph in Graphviz's language.
func (g Graph) DOT(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "digraph order {\n  rankdir=LR;\n  node [shape=box];")
	for _, level := range g.Levels {
		fmt.Fprint(b, "  { rank=same;")
		for _, set := range level {
			fmt.Fprintf(b, " %s;", dotText(set))
		}
		fmt.Fprintln(b, " }")
	}
	for _, e := range g.Edges {
		style := ""
		if !e.Declared {
			style = " [style=dotted]"
		}
		fmt.Fprintf(b, "  %s -> %s%s;\n", dotText(e.To), dotText(e.From), style)
	}
	for _, c := range g.Conflicts {
		fmt.Fprintf(b, "  %s -> %s [dir=none, style=dashed, color=red, constraint=false];\n", dotText(c.A), dotText(c.B))
	}
	fmt.Fprintln(b, "}")
	return b.Flush()
}

func dotText(set fleet.StackSetName) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(string(set)) + `"`
}

// The drawing's measures, in SVG's user units.
const (
	boxHeight = 34
	boxGap    = 16
	levelGap  = 90
	margin    = 24
	letter    = 8 // the width of a letter of the font, at most
)

// box is a set's place in the drawing.
type box struct{ x, y, width int }

// SVG writes the graph as a drawing that needs nothing else: a column for each
// level, the first at the left.
func (g Graph) SVG(w io.Writer) error {
	boxes, width, height := g.layOut()
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13" role="img">`+"\n", width, height, width, height)
	fmt.Fprintln(b, `<title>Order of stack sets</title>`)
	fmt.Fprintln(b, `<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>`)
	fmt.Fprintf(b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for _, e := range g.Edges {
		drawEdge(b, boxes[e.To], boxes[e.From], e.Declared)
	}
	for _, c := range g.Conflicts {
		from, to := boxes[c.A], boxes[c.B]
		fmt.Fprintf(b, `<path d="M%d %dL%d %d" stroke="#c00" stroke-dasharray="2 4" fill="none"/>`+"\n", from.x+from.width/2, from.y+boxHeight, to.x+to.width/2, to.y)
	}
	for _, level := range g.Levels {
		for _, set := range level {
			at := boxes[set]
			fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="#eef3fb" stroke="#456"/>`, at.x, at.y, at.width, boxHeight)
			fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">`, at.x+at.width/2, at.y+boxHeight/2+5)
			if err := xml.EscapeText(b, []byte(set)); err != nil {
				return err
			}
			fmt.Fprintln(b, "</text>")
		}
	}
	fmt.Fprintln(b, "</svg>")
	return b.Flush()
}

func drawEdge(w io.Writer, from, to box, declared bool) {
	dashes := ""
	if !declared {
		dashes = ` stroke-dasharray="5 4"`
	}
	x1, y1, x2, y2 := from.x+from.width, from.y+boxHeight/2, to.x, to.y+boxHeight/2
	bend := levelGap / 2
	fmt.Fprintf(w, `<path d="M%d %dC%d %d %d %d %d %d" stroke="#555" fill="none" marker-end="url(#end)"%s/>`+"\n", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2, dashes)
}

// layOut places the boxes in columns.
func (g Graph) layOut() (boxes map[fleet.StackSetName]box, width, height int) {
	boxes = map[fleet.StackSetName]box{}
	x := margin
	for _, level := range g.Levels {
		widest := 0
		for _, set := range level {
			widest = max(widest, letter*len(set)+2*letter)
		}
		for i, set := range level {
			boxes[set] = box{x, margin + i*(boxHeight+boxGap), widest}
			height = max(height, margin+i*(boxHeight+boxGap)+boxHeight)
		}
		x += widest + levelGap
	}
	return boxes, max(x-levelGap, 0) + margin, height + margin
}
