package asl

import "unicode/utf8"

// Measures of the drawing, in pixels.
const (
	charWidth  = 7.0  // about what a character of 12 pixels takes
	smallChar  = 5.5  // the same of a label's
	boxHeight  = 40.0 // of a box with nothing inside
	headHeight = 44.0 // above what is inside
	gapAcross  = 40.0
	padding    = 20.0
	tipHeight  = 34.0 // above a row: for arrowheads, and labels of arrows from the row before
	track      = 14.0 // between two arrows that run side by side
	maxLabel   = 40   // characters of a label
)

// A layout is where the boxes of a panel stand, from its top left corner. Boxes
// stand in rows by their distance from the start; between two rows is a gap, and
// right of all boxes are lanes.
//
// An arrow to the next row crosses the gap. Any other one, which would cross boxes,
// goes round them: down into the gap below its box, along a track of its own to the
// lane of its target, and from there through the gap above the target. Arrows to
// one target share its lane.
type layout struct {
	panel         *panel
	width, height float64
	places        map[*box]*place
	gaps          []float64 // where the gap above each row begins, and the one below the last
	tracks        []int     // taken so far in each gap
	right         float64   // end of the boxes, where the lanes begin
	lanes         map[*box]*lane
}

// A lane leads to one box.
type lane struct {
	x     float64
	entry int // its track in the gap above the box
}

type place struct {
	x, y, width, height float64
	slot                float64 // width with the labels above
	row                 int
	leaving, left       int // arrows that go round: all, and those drawn so far
	inside              []*layout
}

func (p *panel) layout() *layout {
	l := &layout{panel: p, places: map[*box]*place{}, lanes: map[*box]*lane{}}
	rows := p.rows()
	for i, row := range rows {
		for _, bx := range row {
			l.places[bx] = newPlace(bx, i)
		}
	}
	taken := l.reserve(len(rows))
	widths := l.measure(rows)
	y := padding - tipHeight
	if taken[0] > 0 {
		y = padding - track // the topmost track, too, is within the picture
	}
	for i, row := range rows {
		l.gaps = append(l.gaps, y)
		y += float64(taken[i])*track + tipHeight
		x, tallest := (l.right-widths[i])/2, 0.0
		for _, bx := range row {
			pl := l.places[bx]
			pl.x, pl.y = x+(pl.slot-pl.width)/2, y
			x += pl.slot + gapAcross
			tallest = max(tallest, pl.height)
		}
		y += tallest
	}
	l.gaps = append(l.gaps, y)
	l.height = y + float64(taken[len(rows)])*track + padding
	l.tracks = make([]int, len(l.gaps))
	l.widen()
	return l
}

// goesRound tells an arrow that would cross boxes.
func (l *layout) goesRound(a arrow) bool { return l.places[a.to].row != l.places[a.from].row+1 }

// reserve finds out how many tracks each gap needs, and widens the slots of boxes
// with labels above. It opens the lanes.
func (l *layout) reserve(rows int) []int {
	taken := make([]int, rows+1)
	for _, a := range l.panel.arrows {
		from, to := l.places[a.from], l.places[a.to]
		if !l.goesRound(a) {
			to.slot = max(to.slot, smallChar*float64(utf8.RuneCountInString(shortened(a.label))))
			continue
		}
		from.leaving++
		taken[from.row+1]++
		if l.lanes[a.to] == nil {
			l.lanes[a.to] = &lane{entry: -1}
			taken[to.row]++
		}
	}
	return taken
}

// measure finds the widths of the rows and of all, and places the lanes.
func (l *layout) measure(rows [][]*box) []float64 {
	widths := make([]float64, len(rows))
	for i, row := range rows {
		for _, bx := range row {
			widths[i] += l.places[bx].slot + gapAcross
		}
		widths[i] -= gapAcross
		l.right = max(l.right, widths[i]+2*padding)
	}
	l.width = l.right
	for _, bx := range l.panel.boxes {
		if ln := l.lanes[bx]; ln != nil {
			ln.x = l.width
			l.width += track
		}
	}
	if l.width > l.right {
		l.width += padding - track // behind the last lane
	}
	return widths
}

// widen makes room for the labels of arrows that go round, which begin at the end
// of their boxes at the furthest.
func (l *layout) widen() {
	for _, a := range l.panel.arrows {
		if from := l.places[a.from]; l.goesRound(a) {
			l.width = max(l.width, from.x+from.width+smallChar*float64(utf8.RuneCountInString(shortened(a.label))))
		}
	}
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
	pl.slot = pl.width
	return pl
}

// nextTrack is the height of a track of a gap that nobody has taken.
func (l *layout) nextTrack(gap int) float64 {
	l.tracks[gap]++
	return l.gaps[gap] + float64(l.tracks[gap])*track
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

func shortened(label string) string {
	runes := []rune(label)
	if len(runes) <= maxLabel {
		return label
	}
	return string(runes[:maxLabel-1]) + "…"
}
