package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestASecretShowsItselfNowhere(t *testing.T) {
	s := NewSecret("CANARYSECRET")
	type holder struct {
		Public  Secret
		private Secret
		Pointer *Secret
		List    []Secret
		Map     map[string]Secret
	}
	h := holder{s, s, &s, []Secret{s}, map[string]Secret{"k": s}}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s"} {
		fmt.Fprintf(&b, verb+"\n", s)
		fmt.Fprintf(&b, verb+"\n", &s)
		fmt.Fprintf(&b, verb+"\n", h)
	}
	fmt.Fprintln(&b, s, h, errors.New(s.String()))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(handler).Info("x", "secret", s, "holder", h, "pointer", &s)
	}
	for _, v := range []any{s, &s, h, map[string]any{"s": s}} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		y, err := yaml.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		b.Write(j)
		b.Write(y)
	}
	wantNoSecret(t, b.String())
	hex := fmt.Sprintf("%x", "CANARYSECRET")
	if strings.Contains(strings.ToLower(b.String()), hex) {
		t.Error("shown in hexadecimal")
	}
	if s.Reveal() != "CANARYSECRET" || (Secret{}).Reveal() != "" {
		t.Error("Reveal does not")
	}
}

func TestASecretIsFetchedFromWhereTheReferenceSays(t *testing.T) {
	t.Setenv("SET", "from the environment")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ssm := func(_ context.Context, r Reference) (string, error) {
		if r == "ssm:/setmend/hook" {
			return "from SSM", nil
		}
		return "", errors.New("ParameterNotFound")
	}
	for _, c := range []struct {
		reference Reference
		resolver  Resolver
		want, err string
	}{
		{"env:SET", nil, "from the environment", ""},
		{"env:NOT_SET_ANYWHERE", nil, "", "the variable is not set"},
		{Reference("file:" + file), nil, "from a file", ""},
		{Reference("file:" + empty), nil, "", "the file is empty"},
		{"file:/no/such/file", nil, "", "no such file"},
		{"ssm:/setmend/hook", ssm, "from SSM", ""},
		{"ssm:/other", ssm, "", "ParameterNotFound"},
		{"ssm:/setmend/hook", nil, "", "nothing here can read ssm: references"},
	} {
		got, err := c.reference.resolve(t.Context(), c.resolver)
		if got.Reveal() != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %q and %v", c.reference, got.Reveal(), err)
		}
	}
}

func TestASecretInTheConfigurationIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, text := range []Reference{"https://hooks.slack.com/services/CANARYSECRET", "CANARYSECRET", "env:", "vault:CANARYSECRET"} {
		err := text.check("slack.url")
		if err == nil {
			t.Errorf("%s was accepted", text)
			continue
		}
		wantNoSecret(t, err.Error())
		var told interface{ Hint() string }
		if !errors.As(err, &told) || !strings.Contains(told.Hint(), "env:NAME") {
			t.Errorf("%v has no hint", err)
		}
	}
}

func TestShortPartsOfAnAddressAreNoSecrets(t *testing.T) {
	r := request{secrets: []Secret{NewSecret("https://example.com/services/T00/longenoughsecret?sig=abc%2Fdefghijklmn")}}
	for text, want := range map[string]string{
		"services are down":                                    "services are down",
		"no such longenoughsecret":                             "no such [redacted]",
		"sig abc/defghijklmn":                                  "sig [redacted]",
		"/services/T00/longenoughsecret?sig=abc%2Fdefghijklmn": "[redacted]",
		"https://example.com/services/T00/longenoughsecret?sig=abc%2Fdefghijklmn is bad": "[redacted] is bad",
	} {
		if got := strike(text, r); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
