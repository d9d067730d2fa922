package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// Secret is a text that shows itself to nobody who does not ask for it by name.
// It holds a pointer, so that even printing a struct's unexported field, where
// fmt cannot call methods, shows an address and not the text.
type Secret struct{ text *string }

const redacted = "[redacted]"

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Format writes the same for every verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

func (s Secret) String() string               { return redacted }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (s Secret) MarshalYAML() (any, error)    { return redacted, nil }

// Reference says where a secret is kept: env:NAME, file:PATH or ssm:NAME. The
// configuration has references only, so that it can be shown and shared.
type Reference string

// Resolver fetches secrets of kinds that this package cannot reach, such as ssm:.
type Resolver func(ctx context.Context, reference Reference) (string, error)

// check refuses what is not a reference, without repeating it: it may be the
// secret itself.
func (r Reference) check(what string) error {
	kind, name, ok := strings.Cut(string(r), ":")
	switch {
	case r == "":
		return fmt.Errorf("%s is missing", what)
	case !ok || name == "" || kind != "env" && kind != "file" && kind != "ssm":
		return hinted(fmt.Errorf("%s is not a reference to a secret", what),
			"Secrets do not stand in the configuration. Write env:NAME, file:PATH or ssm:NAME.")
	}
	return nil
}

// resolve fetches the secret, when it is needed: it may be rotated, and a
// missing one must fail a delivery and not a heal.
func (r Reference) resolve(ctx context.Context, other Resolver) (Secret, error) {
	kind, name, _ := strings.Cut(string(r), ":")
	switch kind {
	case "env":
		if text := os.Getenv(name); text != "" {
			return NewSecret(text), nil
		}
		return Secret{}, fmt.Errorf("reading secret %s: the variable is not set", r)
	case "file":
		content, err := os.ReadFile(name)
		if err == nil && len(strings.TrimSpace(string(content))) == 0 {
			err = fmt.Errorf("the file is empty")
		}
		if err != nil {
			return Secret{}, fmt.Errorf("reading secret %s: %w", r, err)
		}
		return NewSecret(strings.TrimSpace(string(content))), nil
	}
	if other == nil {
		return Secret{}, fmt.Errorf("reading secret %s: nothing here can read %s: references", r, kind)
	}
	text, err := other(ctx, r)
	if err != nil {
		return Secret{}, fmt.Errorf("reading secret %s: %w", r, err)
	}
	return NewSecret(text), nil
}
