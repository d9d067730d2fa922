package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// SlackConfig is a channel of Slack with an incoming webhook.
type SlackConfig struct {
	URL      Reference `yaml:"url" json:"url"`
	Template string    `yaml:"template,omitempty" json:"template,omitempty"`
}

// Block Kit's limits, in characters, and one of our own for the whole: Slack cuts
// longer messages.
const (
	maxSlackHeader  = 150
	maxSlackSection = 3000
	maxSlackFields  = 10
	maxSlackTotal   = 10_000
)

type slack struct {
	service
	config SlackConfig
	texts  texts
}

type slackMessage struct {
	Text   string       `json:"text"` // for notifications and screen readers
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text,omitempty"`
	Fields   []slackText `json:"fields,omitempty"`
	Elements []slackText `json:"elements,omitempty"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
	// Verbatim keeps Slack from finding links and names in the text by itself.
	Verbatim bool `json:"verbatim,omitempty"`
}

func (s *slack) Parts(m Message) ([]Part, error) {
	body, err := largest(func(limit limits) ([]byte, bool, error) {
		b, err := s.texts.blocks(m, limit)
		if err != nil {
			return nil, false, err
		}
		message, fits := slackBlocks(b)
		body, err := json.Marshal(message)
		return body, fits && utf8.RuneCount(body) <= maxSlackTotal, err
	})
	return []Part{{"message", "application/json", body}}, err
}

func slackBlocks(b blocks) (message slackMessage, fits bool) {
	message.Text = mrkdwn.escape(b.title)
	message.Blocks = []slackBlock{{Type: "header", Text: &slackText{Type: "plain_text", Text: clip(b.title, maxSlackHeader)}}}
	fits = true
	for i, text := range []string{b.status, b.attention, b.done, b.resolved} {
		fits = fits && utf8.RuneCountInString(text) <= maxSlackSection
		section := slackBlock{Type: "section"}
		if text != "" {
			section.Text = &slackText{"mrkdwn", text, true}
		}
		if i == 0 {
			section.Fields = slackCounts(b.Counts)
		}
		if section.Text != nil || section.Fields != nil {
			message.Blocks = append(message.Blocks, section)
		}
	}
	var links []string
	if b.Dashboard != "" {
		links = append(links, mrkdwn.link("Dashboard", b.Dashboard))
	}
	if b.Log != "" {
		links = append(links, mrkdwn.link("Log", b.Log))
	}
	if links != nil {
		message.Blocks = append(message.Blocks, slackBlock{Type: "context", Elements: []slackText{{"mrkdwn", strings.Join(links, "  "), true}}})
	}
	return message, fits
}

// slackCounts is at most ten fields; the tenth then stands for those left out.
func slackCounts(counts []CountView) []slackText {
	var fields []slackText
	for i, c := range counts {
		if i == maxSlackFields-1 && len(counts) > maxSlackFields {
			return append(fields, slackText{"mrkdwn", fmt.Sprintf("and %d more", len(counts)-i), true})
		}
		fields = append(fields, slackText{"mrkdwn", fmt.Sprintf("*%s* %d%s", c.Verdict, c.Now, bracketed(c.Difference)), true})
	}
	return fields
}

func (s *slack) Send(ctx context.Context, m Message, part Part) error {
	secret, err := s.config.URL.resolve(ctx, s.resolver)
	if err != nil {
		return err
	}
	_, err = s.client.send(ctx, request{method: "POST", url: secret.Reveal(), body: part.Content,
		header: map[string]string{"Content-Type": part.Type}, secrets: []Secret{secret}})
	return err
}

// Repeatable: Slack posts whatever it gets.
func (s *slack) Repeatable() bool { return false }
