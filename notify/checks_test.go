package notify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

func checkTeams(r *http.Request, body []byte) error {
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			ContentURL  *string
			Content     struct {
				Type, Version string
				Schema        string           `json:"$schema"`
				Body          []map[string]any `json:"body"`
				Actions       []map[string]any `json:"actions"`
			}
		}
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	size := 0 // as UTF-16, which is what Teams counts in
	for _, r := range string(body) {
		size += 2 * utf16.RuneLen(r)
	}
	switch {
	case r.Method != "POST" || r.Header.Get("Content-Type") != "application/json":
		return fmt.Errorf("%s of %s", r.Method, r.Header.Get("Content-Type"))
	case len(body) > 28_672:
		return fmt.Errorf("%d bytes are more than 28 KB", len(body))
	case m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive":
		return fmt.Errorf("not the envelope of a card")
	case m.Attachments[0].Content.Type != "AdaptiveCard" || m.Attachments[0].Content.Version != "1.5":
		return fmt.Errorf("not an adaptive card 1.5")
	}
	for _, element := range m.Attachments[0].Content.Body {
		inlines, _ := element["inlines"].([]any)
		if element["type"] != "RichTextBlock" || len(inlines) == 0 {
			return fmt.Errorf("element %v of %d runs", element["type"], len(inlines))
		}
		for _, inline := range inlines {
			if run := inline.(map[string]any); run["type"] != "TextRun" || run["text"] == "" {
				return fmt.Errorf("run %v", run)
			}
		}
	}
	for _, action := range m.Attachments[0].Content.Actions {
		if !strings.HasPrefix(action["url"].(string), "http") {
			return fmt.Errorf("action leads to %v", action["url"])
		}
	}
	return nil
}

func checkSlack(r *http.Request, body []byte) error {
	var m slackMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return err
	}
	if r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" {
		return fmt.Errorf("%s of %s", r.Method, r.Header.Get("Content-Type"))
	}
	if m.Text == "" || len(m.Blocks) == 0 || len(m.Blocks) > 50 || utf8.RuneCount(body) > 10_000 {
		return fmt.Errorf("invalid_blocks: %d blocks, text %q, %d characters", len(m.Blocks), m.Text, len(body))
	}
	for i, block := range m.Blocks {
		if err := checkSlackBlock(block); err != nil {
			return fmt.Errorf("invalid_blocks: block %d (%s): %w", i, block.Type, err)
		}
	}
	return nil
}

func checkSlackBlock(b slackBlock) error {
	length := func(t *slackText) int { return utf8.RuneCountInString(t.Text) }
	switch b.Type {
	case "header":
		if b.Text == nil || b.Text.Type != "plain_text" || length(b.Text) == 0 || length(b.Text) > 150 {
			return fmt.Errorf("text %+v", b.Text)
		}
	case "section":
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			return fmt.Errorf("%d fields", len(b.Fields))
		}
		if b.Text != nil && (b.Text.Type != "mrkdwn" || length(b.Text) == 0 || length(b.Text) > 3000) {
			return fmt.Errorf("%d characters of %s", length(b.Text), b.Text.Type)
		}
		for _, f := range b.Fields {
			if length(&f) == 0 || length(&f) > 2000 {
				return fmt.Errorf("a field of %d characters", length(&f))
			}
		}
	case "context":
		if len(b.Elements) == 0 || len(b.Elements) > 10 {
			return fmt.Errorf("%d elements", len(b.Elements))
		}
	default:
		return fmt.Errorf("unknown type")
	}
	return nil
}

func checkPagerDuty(r *http.Request, body []byte) error {
	var e pagerDutyEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	switch {
	case e.RoutingKey != "R0UTINGKEYCANARYSECRET":
		return fmt.Errorf("invalid routing key")
	case e.DedupKey == "" || len(e.DedupKey) > 255:
		return fmt.Errorf("dedup_key %q", e.DedupKey)
	case len(body) > 512<<10:
		return fmt.Errorf("%d bytes", len(body))
	case e.Action == "resolve":
		return nil
	case e.Action != "trigger" || e.Payload == nil:
		return fmt.Errorf("event_action %q without payload", e.Action)
	case e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > 1024 || e.Payload.Source == "":
		return fmt.Errorf("summary %q, source %q", e.Payload.Summary, e.Payload.Source)
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		return fmt.Errorf("severity %q", e.Payload.Severity)
	}
	_, err := time.Parse(time.RFC3339, e.Payload.Timestamp)
	return err
}

func checkWebhook(r *http.Request, body []byte) error {
	var b webhookBody
	if err := json.Unmarshal(body, &b); err != nil {
		return err
	}
	if b.Version != 1 || b.Event == "" || b.Event != r.Header.Get(EventHeader) || len(body) > 1_000_000 {
		return fmt.Errorf("version %d, event %q, header %q, %d bytes", b.Version, b.Event, r.Header.Get(EventHeader), len(body))
	}
	if strings.Contains(string(body), "dashboard.html") {
		return fmt.Errorf("tells a path of the sender's machine")
	}
	return Verify(NewSecret("S1GNINGKEYCANARYSECRET"), r.Header, body, time.Now(), time.Minute)
}
