package notify

import "strings"

// card is an Adaptive Card, as far as it is used here:
// https://adaptivecards.io/explorer/.
type card struct {
	Type    string       `json:"type"`
	Schema  string       `json:"$schema"`
	Version string       `json:"version"`
	Body    []cardBlock  `json:"body"`
	Actions []cardAction `json:"actions,omitempty"`
	Teams   struct {
		Width string `json:"width"`
	} `json:"msteams"`
}

// cardBlock is a RichTextBlock: a paragraph of runs.
type cardBlock struct {
	Type      string    `json:"type"`
	Inlines   []cardRun `json:"inlines"`
	Spacing   string    `json:"spacing,omitempty"`
	Separator bool      `json:"separator,omitempty"`
}

// cardRun is a TextRun: text of one style, without Markdown.
type cardRun struct {
	Type         string      `json:"type"`
	Text         string      `json:"text"`
	Size         string      `json:"size,omitempty"`
	Weight       string      `json:"weight,omitempty"`
	FontType     string      `json:"fontType,omitempty"`
	SelectAction *cardAction `json:"selectAction,omitempty"`
}

type cardAction struct {
	Type  string `json:"type"`
	Title string `json:"title,omitempty"`
	URL   string `json:"url"`
}

func newCard() card {
	c := card{Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: "1.5"}
	c.Teams.Width = "Full"
	return c
}

// add appends a text, a block for each line. A line stands close to the one
// above it.
func (c *card) add(text string, separator bool) {
	for line := range strings.Lines(text) {
		runs := cardRuns(strings.Trim(line, " \t\n")) // not the indentation's spaces
		if runs == nil {
			continue
		}
		block := cardBlock{Type: "RichTextBlock", Inlines: runs, Spacing: "None"}
		if separator {
			block.Separator, block.Spacing = true, "Medium"
			separator = false
		}
		c.Body = append(c.Body, block)
	}
}

// cardRuns takes a line apart where its style changes.
func cardRuns(line string) (runs []cardRun) {
	add := func(run cardRun) {
		run.Type, run.Text = "TextRun", withoutStyle(run.Text)
		if run.Text != "" {
			runs = append(runs, run)
		}
	}
	for line != "" {
		at := strings.IndexAny(line, beginBold+beginCode+beginLink)
		if at < 0 {
			at = len(line)
		}
		add(cardRun{Text: line[:at]})
		if at == len(line) {
			break
		}
		style := line[at : at+1]
		var inner string
		inner, line, _ = strings.Cut(line[at+1:], styleEnd)
		switch style {
		case beginBold:
			add(cardRun{Text: inner, Weight: "Bolder"})
		case beginCode:
			add(cardRun{Text: inner, FontType: "Monospace"})
		case beginLink:
			address, text, _ := strings.Cut(inner, addressEnd)
			add(cardRun{Text: text, SelectAction: &cardAction{Type: "Action.OpenUrl", URL: address}})
		}
	}
	return runs
}

// withoutStyle drops marks that are left over where a template nests styles.
func withoutStyle(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, text)
}
