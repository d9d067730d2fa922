package dashboard

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"time"

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
	page, err := render(r, options, false)
	if err == nil && len(page) > options.maxBytes() {
		page, err = render(r, options, true)
	}
	if err != nil {
		return fmt.Errorf("rendering the dashboard of run %s: %w", r.Run.ID, err)
	}
	_, err = w.Write(page)
	return err
}

// pageData is what the template sees. Core and Details are in base64's URL
// alphabet, in which html/template finds nothing to escape.
type pageData struct {
	Title, Policy, LiveURL, Version string
	Headline                        Headline
	Report                          *report.Report
	Script                          template.JS
	Style                           template.CSS
	Core, Details                   string
}

func render(r *report.Report, options Options, lean bool) ([]byte, error) {
	core, more := build(r, options, lean)
	data := pageData{Title: title(r, options), LiveURL: options.LiveURL, Version: options.version, Headline: core.Headline, Report: r,
		Policy: contentPolicy(options.LiveURL != ""), Script: template.JS(script), Style: template.CSS(style)}
	var err error
	if data.Core, err = pack(core); err != nil {
		return nil, err
	}
	if data.Details, err = pack(more); err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = pageTemplate.Execute(&page, data)
	return page.Bytes(), err
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

// pack gzips JSON and writes it in base64.
func pack(value any) (string, error) {
	packed, err := zip(value)
	return base64.RawURLEncoding.EncodeToString(packed), err
}

func zip(value any) ([]byte, error) {
	var packed bytes.Buffer
	zipper, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(zipper).Encode(value); err != nil {
		return nil, err
	}
	err = zipper.Close()
	return packed.Bytes(), err
}
