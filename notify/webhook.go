package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// WebhookConfig is an address of one's own that takes JSON.
type WebhookConfig struct {
	URL Reference `yaml:"url" json:"url"`
	// Key signs the requests, if it is given.
	Key Reference `yaml:"key,omitempty" json:"key,omitempty"`
}

// maxWebhook is the largest body that is sent, in bytes.
const maxWebhook = 1_000_000

type webhook struct {
	service
	config WebhookConfig
}

// webhookBody is the message and how much of it was left out. Fields are only
// ever added.
type webhookBody struct {
	Version int    `json:"version"`
	Title   string `json:"title"`
	Message
	More struct {
		Done      int `json:"done"`
		Attention int `json:"attention"`
		Standing  int `json:"standing"`
		Resolved  int `json:"resolved"`
	} `json:"more"`
}

func (w *webhook) Parts(m Message) ([]Part, error) {
	texts, err := loadTexts("chat", plain, "")
	if err != nil {
		return nil, err
	}
	title, err := texts.execute("title", view(m, plain, allowances[0]))
	if err != nil {
		return nil, err
	}
	m.DashboardFile = "" // a path on this machine is nobody's business
	for limit := 10_000; ; limit /= 2 {
		b := webhookBody{Version: 1, Title: clean(title, 150), Message: m}
		b.Done, b.More.Done = first(m.Done, limit)
		b.Attention, b.More.Attention = first(m.Attention, limit)
		b.Standing, b.More.Standing = first(m.Standing, limit)
		b.Resolved, b.More.Resolved = first(m.Resolved, limit)
		body, err := json.Marshal(b)
		if err != nil || len(body) <= maxWebhook || limit == 0 {
			return []Part{{"event", "application/json", body}}, err
		}
	}
}

func first[T any](list []T, limit int) (head []T, more int) {
	n := min(len(list), limit)
	return list[:n:n], len(list) - n
}

const (
	// SignatureHeader has the time of sending and the signature: t=UNIX,v1=HEX.
	SignatureHeader = "Setmend-Signature"
	// EventHeader has the event's id, by which a receiver knows a repetition.
	EventHeader = "Setmend-Event"
)

func (w *webhook) Send(ctx context.Context, m Message, part Part) error {
	address, err := w.config.URL.resolve(ctx, w.resolver)
	if err != nil {
		return err
	}
	r := request{method: "POST", url: address.Reveal(), body: part.Content, secrets: []Secret{address},
		header: map[string]string{"Content-Type": part.Type, EventHeader: m.Event}}
	if w.config.Key != "" {
		key, err := w.config.Key.resolve(ctx, w.resolver)
		if err != nil {
			return err
		}
		r.secrets = append(r.secrets, key)
		r.header[SignatureHeader] = sign(key, w.client.now(), part.Content)
	}
	_, err = w.client.send(ctx, r)
	return err
}

// sign covers the time, so that a recorded request cannot be used for long.
func sign(key Secret, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac(key, stamp, body))
}

func mac(key Secret, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	fmt.Fprintf(h, "%s.", stamp)
	h.Write(body)
	return h.Sum(nil)
}

// Verify is for receivers: whether a request's body was signed with the key, at
// most tolerance before or after now.
func Verify(key Secret, header http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	stamp, signature, ok := strings.Cut(header.Get(SignatureHeader), ",v1=")
	stamp, timed := strings.CutPrefix(stamp, "t=")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if !ok || !timed || err != nil {
		return errors.New("verifying signature: " + SignatureHeader + " is not t=UNIX,v1=HEX")
	}
	claimed, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(claimed, mac(key, stamp, body)) {
		return errors.New("verifying signature: it does not match")
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > tolerance {
		return fmt.Errorf("verifying signature: it is %v off, more than %v", age, tolerance)
	}
	return nil
}

// Repeatable: receivers have the event's id.
func (w *webhook) Repeatable() bool { return true }
