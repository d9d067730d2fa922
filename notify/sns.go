package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// SNSConfig is a topic of Amazon SNS.
type SNSConfig struct {
	Topic    string `yaml:"topic" json:"topic"` // ARN
	Template string `yaml:"template,omitempty" json:"template,omitempty"`
}

// Publisher is the part of SNS that is needed. The event's id is for FIFO topics,
// as MessageDeduplicationId. An error that is not a [DeliveryError] means that
// it was not published.
type Publisher interface {
	Publish(ctx context.Context, topic, subject, message, event string) error
}

const (
	// maxSNS is the limit on a message, in bytes, with room for attributes.
	maxSNS = 250_000
	// maxSubject is the limit on a subject, in ASCII characters.
	maxSubject = 100
)

var topicARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)
})

type sns struct {
	publisher Publisher
	config    SNSConfig
	texts     texts
}

// snsMessage is the content of the only part.
type snsMessage struct {
	Subject string `json:"subject"`
	Message string `json:"message"`
}

func (s *sns) Parts(m Message) ([]Part, error) {
	body, err := largest(func(limit limits) ([]byte, bool, error) {
		b, err := s.texts.blocks(m, limit)
		if err != nil {
			return nil, false, err
		}
		text := snsText(b)
		body, err := json.Marshal(snsMessage{snsSubject(b.title), text})
		return body, len(text) <= maxSNS, err
	})
	return []Part{{"message", "application/json", body}}, err
}

func snsText(b blocks) string {
	paragraphs := []string{b.title, b.status}
	var counts strings.Builder
	for _, c := range b.Counts {
		fmt.Fprintf(&counts, "%s: %d%s\n", c.Verdict, c.Now, bracketed(c.Difference))
	}
	paragraphs = append(paragraphs, strings.TrimSpace(counts.String()), b.attention, b.done, b.resolved)
	if b.Dashboard != "" {
		paragraphs = append(paragraphs, plain.link("Dashboard", b.Dashboard))
	}
	if b.Log != "" {
		paragraphs = append(paragraphs, plain.link("Log", b.Log))
	}
	var text []string
	for _, paragraph := range paragraphs {
		if paragraph != "" {
			text = append(text, paragraph)
		}
	}
	return strings.Join(text, "\n\n") + "\n"
}

// snsSubject keeps to what SNS takes: ASCII without control characters, fewer
// than 100 characters.
func snsSubject(title string) string {
	ascii := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || unicode.IsControl(r) {
			return '?'
		}
		return r
	}, title)
	return ascii[:min(len(ascii), maxSubject-1)]
}

func (s *sns) Send(ctx context.Context, m Message, part Part) error {
	var message snsMessage
	if err := json.Unmarshal(part.Content, &message); err != nil {
		return rejected("", "reading the rendered message: %v", err)
	}
	if s.publisher == nil {
		return rejected("", "there is nothing here that can publish to SNS")
	}
	return s.publisher.Publish(ctx, s.config.Topic, message.Subject, message.Message, m.Event)
}

// Repeatable: FIFO topics drop repetitions, within five minutes.
func (s *sns) Repeatable() bool { return strings.HasSuffix(s.config.Topic, ".fifo") }
