package dashboard

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// Options are what a page may have beyond its report. The zero value is usable.
type Options struct {
	// LiveURL is the path under which a [Server] answers /api/, such as "/". The
	// page then follows its changes. "" makes a page that fetches nothing.
	LiveURL string
	// ConsoleLinks puts links into the AWS console beside stack sets and stacks.
	// They are derived from names: stack ARNs would be most of the file.
	ConsoleLinks bool
	// AccessPortal is the start URL of IAM Identity Center, such as
	// https://d-1234567890.awsapps.com/start. With it, and AccessRole naming a
	// permission set, console links sign in to the right account first.
	AccessPortal, AccessRole string
	// Normalise turns a reason into what it has in common with others of its
	// kind (without ids, regions, times); nil means plan.Normalise.
	Normalise func(reason string) string
	// Decisions are the run's, oldest first.
	Decisions []report.Decision
	// MaxDecisions is how many of them the page carries, the newest; 0 means 5000.
	MaxDecisions int
	// MaxBytes is the size from which details of cells that are healthy again
	// are left out; 0 means 1,000,000.
	MaxBytes int
	// Approvals are what waits for a person's decision. Only a live page can
	// pass the decision on; another one lists them.
	Approvals []Approval
	// Title is the document's title, "" for a title made of the organization.
	Title string

	version string // of a live page's state, so that it need not fetch it again
}

// Approval is something that a run will not do before a person has agreed.
type Approval struct {
	// ID names it in a decision: guard, or guard:stackset, as --accept takes it.
	ID       string    `json:"id"`
	StackSet string    `json:"stackSet,omitempty"`
	Reason   string    `json:"reason"`
	Hint     string    `json:"hint,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	// Of and All are what the guard had counted when it asked: how many of how many.
	// Zero for guards that do not count.
	Of  int `json:"of,omitempty"`
	All int `json:"all,omitempty"`

	// Decision is approved or denied, "" while it waits. By said so, with a Note, and it
	// holds until Until.
	Decision string    `json:"decision,omitempty"`
	By       string    `json:"by,omitempty"`
	Note     string    `json:"note,omitempty"`
	Until    time.Time `json:"until,omitzero"`

	// What a yes lets happen; the page computes it from the report.

	Cells      int                `json:"cells,omitempty"`      // that would be acted on
	Operations int                `json:"operations,omitempty"` // at least
	Destroys   []plan.Destruction `json:"destroys,omitempty"`   // what would be lost with the stacks
}

// Links is how the page derives its links to AWS.
type Links struct {
	Console bool   `json:"console"`
	Home    string `json:"home"` // the stack sets' region
	Portal  string `json:"portal,omitempty"`
	Role    string `json:"role,omitempty"`
}

func (o Options) maxDecisions() int {
	if o.MaxDecisions > 0 {
		return o.MaxDecisions
	}
	return 5000
}

func (o Options) maxBytes() int {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return 1_000_000
}

func (o Options) links(r *report.Report) Links {
	return Links{Console: o.ConsoleLinks, Home: string(r.Run.HomeRegion), Portal: o.AccessPortal, Role: o.AccessRole}
}

// Page writes the report as one self-contained HTML file.
func Page(w io.Writer, r *report.Report, options Options) error {
	made, err := makeParts(r, options)
	if err == nil {
		err = made.page(w, r, options)
	}
	if err != nil {
		return fmt.Errorf("rendering the dashboard of run %s: %w", r.Run.ID, err)
	}
	return nil
}

// parts are a report as the page carries it, packed.
type parts struct {
	headline      Headline
	after         plan.Counts
	core, details string // see pack
}

// pageData is what the template sees. Core and Details are in base64's URL
// alphabet, in which html/template finds nothing to escape.
type pageData struct {
	Title, Policy, LiveURL, Version string
	Headline                        Headline
	Report                          *report.Report
	After                           plan.Counts
	Script                          template.JS
	Style                           template.CSS
	Core, Details                   string
}

// makeParts renders a report, once. Where the page would grow beyond its size, the
// stories of healthy cells are left out, as soon as it shows that they will not fit.
func makeParts(r *report.Report, options Options) (*parts, error) {
	core, stories := build(r, options)
	made := &parts{headline: core.Headline, after: core.After}
	var err error
	if made.core, err = pack(core); err != nil {
		return nil, err
	}
	room := (options.maxBytes() - len(script()) - len(style()) - shellBytes - len(made.core)) / 4 * 3
	if made.details, err = packStories(stories, 0, room); !errors.Is(err, errNoRoom) {
		return made, err
	}
	var kept []storyAt
	for _, story := range stories {
		if story.cell.Verdict == plan.Healthy && !story.cell.Attention {
			continue
		}
		kept = append(kept, story)
	}
	made.details, err = packStories(kept, len(stories)-len(kept), math.MaxInt)
	return made, err
}

// shellBytes is about the size of the page without script, style and data.
const shellBytes = 6000

// page writes the page around the parts.
func (p *parts) page(w io.Writer, r *report.Report, options Options) error {
	return pageTemplate().Execute(w, pageData{Title: title(r, options), LiveURL: options.LiveURL, Version: options.version, Headline: p.headline, Report: r, After: p.after,
		Policy: contentPolicy(options.LiveURL != ""), Script: template.JS(script()), Style: template.CSS(style()), Core: p.core, Details: p.details})
}

func title(r *report.Report, options Options) string {
	switch {
	case options.Title != "":
		return options.Title
	case r.Fleet.Organization != "":
		return "Stack sets of " + r.Fleet.Organization
	}
	return "Stack sets"
}

// packLevel is where gzip's size hardly falls any more, and its time begins to rise.
const packLevel = 6

// errNoRoom says that what is packed has outgrown the room for it.
var errNoRoom = errors.New("it does not fit")

// bounded refuses to hold more than it has room for.
type bounded struct {
	bytes.Buffer
	room int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.room {
		return 0, errNoRoom
	}
	return b.Buffer.Write(p)
}

// pack gzips JSON and writes it in base64.
func pack(value any) (string, error) {
	return packed(math.MaxInt, func(w io.Writer) error { return json.NewEncoder(w).Encode(value) })
}

// packStories packs the details of cells, with the number of those left out. It
// returns [errNoRoom] once they take more than room.
func packStories(stories []storyAt, left, room int) (string, error) {
	return packed(room, func(w io.Writer) error {
		places := make(column, len(stories))
		for i, story := range stories {
			places[i] = story.place
		}
		head, err := json.Marshal(details{Cells: places, Omitted: left})
		if err != nil {
			return err
		}
		// The stories come one by one, so that what does not fit is not made.
		before, after, _ := bytes.Cut(head, []byte(`"stories":null`))
		if _, err := fmt.Fprintf(w, `%s"stories":[`, before); err != nil {
			return err
		}
		for i, story := range stories {
			text, err := json.Marshal(detailOf(story.cell))
			if err != nil {
				return err
			}
			if i > 0 {
				text = append([]byte{','}, text...)
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(w, `]%s`, after)
		return err
	})
}

func packed(room int, write func(io.Writer) error) (string, error) {
	out := &bounded{room: max(0, room)}
	zipper, err := gzip.NewWriterLevel(out, packLevel)
	if err != nil {
		return "", err
	}
	if err := write(zipper); err != nil {
		return "", err
	}
	if err := zipper.Close(); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(out.Bytes()), nil
}
