package asl

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// Measures of the drawing, in pixels.
const (
	charWidth  = 7.0  // about what a character of 12 pixels takes
	boxHeight  = 40.0 // of a box with nothing inside
	headHeight = 44.0 // above what is inside
	gapAcross  = 40.0
	gapDown    = 50.0
	padding    = 20.0
	maxLabel   = 40 // characters of a label
)

// SVG is the diagram as a picture.
//
// The layout is plain: boxes stand in rows by their distance from the start, each
// row centred, and a box is as large as what is inside. Arrows that lead on go
// from the bottom of a box to the top of the next; those that lead back, or
// beside, go round the right side.
func (d *Diagram) SVG() string {
	l := d.root.layout()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12">`,
		l.width, l.height, l.width, l.height)
	b.WriteString(`<style>.box{fill:#fff;stroke:#445}.kind{fill:#667;font-size:10px}.arrow{fill:none;stroke:#667}.label{fill:#445;font-size:10px}</style>` +
		`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>`)
	l.draw(&b, 0, 0)
	b.WriteString("</svg>\n")
	return b.String()
}

// A layout is where the boxes of a panel stand, from its top left corner.
type layout struct {
	panel         *panel
	width, height float64
	places        map[*box]*place
}

type place struct {
	x, y, width, height float64
	row                 int
	inside              []*layout
}

func (p *panel) layout() *layout {
	l := &layout{panel: p, places: map[*box]*place{}}
	rows := p.rows()
	widths := make([]float64, len(rows))
	for i, row := range rows {
		for _, bx := range row {
			pl := newPlace(bx, i)
			l.places[bx] = pl
			widths[i] += pl.width + gapAcross
		}
		l.width = max(l.width, widths[i]+gapAcross+3*padding) // with room for the arrows that lead back
	}
	y := padding
	for i, row := range rows {
		x, tallest := (l.width-widths[i]+gapAcross)/2, 0.0
		for _, bx := range row {
			pl := l.places[bx]
			pl.x, pl.y = x, y
			x += pl.width + gapAcross
			tallest = max(tallest, pl.height)
		}
		y += tallest + gapDown
	}
	l.height = y - gapDown + padding
	return l
}

func newPlace(bx *box, row int) *place {
	pl := &place{width: max(90, charWidth*float64(utf8.RuneCountInString(bx.name))+2*padding), height: boxHeight, row: row}
	across := padding
	for _, inner := range bx.inside {
		l := inner.layout()
		pl.inside = append(pl.inside, l)
		across += l.width + padding
		pl.height = max(pl.height, headHeight+l.height)
	}
	pl.width = max(pl.width, across)
	return pl
}

// rows arranges the boxes by their distance from the start.
func (p *panel) rows() [][]*box {
	distance := map[*box]int{p.start: 0}
	for todo := []*box{p.start}; len(todo) > 0; todo = todo[1:] {
		for _, a := range p.arrows {
			if _, seen := distance[a.to]; a.from == todo[0] && !seen {
				distance[a.to] = distance[a.from] + 1
				todo = append(todo, a.to)
			}
		}
	}
	var rows [][]*box
	for _, bx := range p.boxes {
		for len(rows) <= distance[bx] {
			rows = append(rows, nil)
		}
		rows[distance[bx]] = append(rows[distance[bx]], bx)
	}
	return rows
}

func (l *layout) draw(b *strings.Builder, x, y float64) {
	for _, a := range l.panel.arrows {
		l.drawArrow(b, x, y, a)
	}
	for _, bx := range l.panel.boxes {
		pl := l.places[bx]
		left, top := x+pl.x, y+pl.y
		fmt.Fprintf(b, `<g><title>%s</title><rect class="box" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"%s/>`,
			html.EscapeString(bx.name), left, top, pl.width, pl.height, bold(bx))
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text><text class="kind" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`,
			left+pl.width/2, top+17, html.EscapeString(bx.name), left+pl.width/2, top+32, bx.kind)
		across := left + padding
		for _, inner := range pl.inside {
			inner.draw(b, across, top+headHeight)
			across += inner.width + padding
		}
		b.WriteString("</g>")
	}
}

// bold marks the boxes where a program ends.
func bold(bx *box) string {
	if bx.ends {
		return ` stroke-width="2"`
	}
	return ""
}

func (l *layout) drawArrow(b *strings.Builder, x, y float64, a arrow) {
	from, to := l.places[a.from], l.places[a.to]
	var path string
	var labelX, labelY float64
	if to.row > from.row {
		x1, y1 := x+from.x+from.width/2, y+from.y+from.height
		x2, y2 := x+to.x+to.width/2, y+to.y
		path = fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, x1, y1+gapDown/2, x2, y2-gapDown/2, x2, y2)
		labelX, labelY = (x1+x2)/2, (y1+y2)/2
	} else {
		x1, y1 := x+from.x+from.width, y+from.y+from.height/2
		x2, y2 := x+to.x+to.width, y+to.y+boxHeight/2
		bend := max(x1, x2) + gapAcross
		path = fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, bend, y1, bend, y2, x2, y2+4)
		labelX, labelY = bend, (y1+y2)/2
	}
	fmt.Fprintf(b, `<path class="arrow" d="%s" marker-end="url(#tip)"/>`, path)
	if a.label != "" {
		fmt.Fprintf(b, `<text class="label" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, labelX, labelY, html.EscapeString(shortened(a.label)))
	}
}

func shortened(label string) string {
	runes := []rune(label)
	if len(runes) <= maxLabel {
		return label
	}
	return string(runes[:maxLabel-1]) + "…"
}
