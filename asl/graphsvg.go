package asl

import (
	"fmt"
	"html"
	"strings"
)

// SVG is the diagram as a picture. Where its parts stand is the layout's business.
func (d *Diagram) SVG() string {
	l := d.root.layout()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12">`,
		l.width, l.height, l.width, l.height)
	b.WriteString(`<style>.box{fill:#fff;stroke:#445}.kind{fill:#667;font-size:10px}.arrow{fill:none;stroke:#667}` +
		`.label{fill:#445;font-size:10px;stroke:#fff;stroke-width:3px;paint-order:stroke}</style>` +
		`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>`)
	l.draw(&b, 0, 0)
	b.WriteString("</svg>\n")
	return b.String()
}

func (l *layout) draw(b *strings.Builder, x, y float64) {
	var labels strings.Builder // above all lines
	for _, a := range l.panel.arrows {
		if l.goesRound(a) {
			l.drawRound(b, &labels, x, y, a)
		} else {
			l.drawAcross(b, &labels, x, y, a)
		}
	}
	for _, bx := range l.panel.boxes {
		l.drawBox(b, x, y, bx)
	}
	b.WriteString(labels.String())
}

func (l *layout) drawBox(b *strings.Builder, x, y float64, bx *box) {
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

// bold marks the boxes where a program ends.
func bold(bx *box) string {
	if bx.ends {
		return ` stroke-width="2"`
	}
	return ""
}

// drawAcross draws an arrow to the next row: straight past what is taller than its
// box, and then over to its target.
func (l *layout) drawAcross(b, labels *strings.Builder, x, y float64, a arrow) {
	from, to := l.places[a.from], l.places[a.to]
	x1, y1 := x+from.x+from.width/2, y+from.y+from.height
	x2, y2 := x+to.x+to.width/2, y+to.y
	below := y + l.gaps[to.row]
	bend := (y2 - below) / 2
	fmt.Fprintf(b, `<path class="arrow" d="M%.1f %.1fV%.1fC%.1f %.1f %.1f %.1f %.1f %.1f" marker-end="url(#tip)"/>`,
		x1, y1, below, x1, below+bend, x2, y2-bend, x2, y2)
	drawLabel(labels, x2, y2-12, "middle", a.label)
}

// drawRound draws an arrow round the boxes.
func (l *layout) drawRound(b, labels *strings.Builder, x, y float64, a arrow) {
	from, to, ln := l.places[a.from], l.places[a.to], l.lanes[a.to]
	from.left++
	x1 := x + from.x + from.width*(0.5+0.4*float64(from.left)/float64(from.leaving))
	x2 := x + to.x + to.width*0.8
	out := y + l.nextTrack(from.row+1)
	if ln.entry < 0 {
		l.nextTrack(to.row)
		ln.entry = l.tracks[to.row]
	}
	in := y + l.gaps[to.row] + float64(ln.entry)*track
	fmt.Fprintf(b, `<path class="arrow" d="M%.1f %.1fV%.1fH%.1fV%.1fH%.1fV%.1f" stroke-linejoin="round" marker-end="url(#tip)"/>`,
		x1, y+from.y+from.height, out, x+ln.x, in, x2, y+to.y)
	drawLabel(labels, x1+4, out-3, "start", a.label)
}

func drawLabel(b *strings.Builder, x, y float64, anchor, label string) {
	if label != "" {
		fmt.Fprintf(b, `<text class="label" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x, y, anchor, html.EscapeString(shortened(label)))
	}
}
