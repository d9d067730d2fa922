package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// TeamsConfig is a channel of Microsoft Teams with a Workflows webhook.
type TeamsConfig struct {
	URL      Reference `yaml:"url" json:"url"` // the URL is a key: it carries its own signature
	Template string    `yaml:"template,omitempty" json:"template,omitempty"`
}

// maxCard is how large a card may be, in bytes. Teams refuses messages above 28
// KB, measured after it has encoded the card again in its own way.
const maxCard = 20_000

type teams struct {
	service
	config TeamsConfig
	texts  texts
}

func (t *teams) Parts(m Message) ([]Part, error) {
	body, err := largest(func(limit limits) ([]byte, bool, error) {
		b, err := t.texts.blocks(m, limit)
		if err != nil {
			return nil, false, err
		}
		body, err := json.Marshal(envelope(t.card(b)))
		return body, reencoded(body) <= maxCard, err
	})
	return []Part{{"card", "application/json", body}}, err
}

func (t *teams) card(b blocks) card {
	c := newCard()
	title := cardRun{Type: "TextRun", Text: t.texts.mark.escape(b.title), Size: "Large", Weight: "Bolder"}
	c.Body = append(c.Body, cardBlock{Type: "RichTextBlock", Inlines: []cardRun{title}})
	c.add(b.status, false)
	var counts []string
	for _, count := range b.Counts {
		counts = append(counts, fmt.Sprintf("%s %d%s", t.texts.mark.bold(count.Verdict), count.Now, bracketed(count.Difference)))
	}
	c.add(strings.Join(counts, "  "), true)
	c.add(b.attention, true)
	c.add(b.done, true)
	c.add(b.resolved, true)
	for _, link := range []cardAction{{"Action.OpenUrl", "Dashboard", b.Dashboard}, {"Action.OpenUrl", "Log", b.Log}} {
		if link.URL != "" {
			c.Actions = append(c.Actions, link)
		}
	}
	return c
}

// bracketed is a difference behind its count.
func bracketed(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// envelope is what the "When a Teams webhook request is received" trigger takes.
func envelope(c card) any {
	type attachment struct {
		ContentType string  `json:"contentType"`
		ContentURL  *string `json:"contentUrl"`
		Content     card    `json:"content"`
	}
	return struct {
		Type        string       `json:"type"`
		Attachments []attachment `json:"attachments"`
	}{"message", []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: c}}}
}

// reencoded is the size of JSON whose every character beyond ASCII is written as
// a six-character escape, the longest form that an encoder makes of it.
func reencoded(body []byte) int {
	size := 0
	for _, r := range string(body) {
		if r < 0x80 {
			size++
		} else {
			size += 6 * utf16.RuneLen(r)
		}
	}
	return size
}

func (t *teams) Send(ctx context.Context, m Message, part Part) error {
	secret, err := t.config.URL.resolve(ctx, t.resolver)
	if err != nil {
		return err
	}
	if err := notRetired(secret.Reveal()); err != nil {
		return err
	}
	// Workflows answers 202 as it accepts; whether the flow behind it then works
	// is shown in its own run history only.
	_, err = t.client.send(ctx, request{method: "POST", url: secret.Reveal(), body: part.Content,
		header: map[string]string{"Content-Type": part.Type}, secrets: []Secret{secret}})
	return err
}

// notRetired refuses the connectors that Microsoft has switched off: some still
// answer, and post nothing.
func notRetired(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return nil // send will say so
	}
	host := strings.ToLower(u.Hostname())
	if host == "outlook.office.com" || host == "webhook.office.com" || strings.HasSuffix(host, ".webhook.office.com") {
		return rejected("In Teams, add the workflow \"Send webhook alerts to a channel\" and use the URL that it gives.",
			"%s is a connector of Office 365, which Microsoft switched off in May 2026", host)
	}
	return nil
}

// Repeatable: Teams posts whatever it gets.
func (t *teams) Repeatable() bool { return false }
