package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func parse(t *testing.T, text string) Config {
	t.Helper()
	var c Config
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

const everyChannel = `
allowAddresses: [10.1.2.0/24]
channels:
  - name: platform-team
    teams: {url: env:TEAMS_URL}
  - name: on-change
    when: change
    slack: {url: file:/run/secrets/slack}
  - name: wiki
    when: always
    confluence: {site: https://example.atlassian.net, pageId: "4711", email: bot@example.com, token: ssm:/setmend/confluence}
  - name: own-wiki
    when: always
    confluence: {site: https://wiki.example.com/confluence, pageId: "4711", token: env:WIKI, dataCenter: true}
  - name: own
    webhook: {url: env:HOOK, key: env:HOOK_KEY}
  - name: topic
    sns: {topic: "arn:aws:sns:eu-central-1:111122223333:setmend"}
  - name: on-call
    pagerDuty: {routingKey: env:PD, region: eu, severity: critical, maxIncidents: 5}
`

func TestEveryServiceCanBeConfigured(t *testing.T) {
	channels, err := Open(parse(t, everyChannel), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range channels {
		got = append(got, c.Name+" "+string(c.When))
		if parts, err := Preview(c, Sample(exampleTime)); err != nil || len(parts) == 0 {
			t.Errorf("%s: %d parts, %v", c.Name, len(parts), err)
		}
	}
	want := "platform-team attention,on-change change,wiki always,own-wiki always,own attention,topic attention,on-call attention"
	if strings.Join(got, ",") != want {
		t.Errorf("got %s", strings.Join(got, ","))
	}
	if p := channels[6].Notifier.(*pagerDuty); p.url != pagerDutyEU || p.limit() != 5 {
		t.Errorf("PagerDuty: %+v", p)
	}
}

func TestMistakesInTheConfigurationAreNamed(t *testing.T) {
	dir := t.TempDir()
	template := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ channel, want string }{
		{`{name: Team A, teams: {url: env:X}}`, "a name has 1 to 40 of a-z"},
		{`{name: a, when: sometimes, teams: {url: env:X}}`, `not "sometimes"`},
		{`{name: a}`, "it has 0 services"},
		{`{name: a, teams: {url: env:X}, slack: {url: env:X}}`, "it has 2 services"},
		{`{name: a, teams: {}}`, "teams.url is missing"},
		{`{name: a, slack: {url: "https://hooks.slack.com/CANARYSECRET"}}`, "slack.url is not a reference"},
		{`{name: a, webhook: {url: env:X, key: CANARYSECRET}}`, "webhook.key is not a reference"},
		{`{name: a, sns: {topic: setmend}}`, "sns.topic is not the ARN"},
		{`{name: a, confluence: {site: "http://x.example", pageId: "1", token: env:X, email: a@b}}`, "confluence.site is not an https://"},
		{`{name: a, confluence: {site: "https://x.example", pageId: "1/../2", token: env:X, email: a@b}}`, "confluence.pageId"},
		{`{name: a, confluence: {site: "https://x.example", pageId: "1", token: env:X}}`, "confluence.email"},
		{`{name: a, confluence: {site: "https://x.example", pageId: "1", token: env:X, email: a@b, dataCenter: true}}`, "confluence.email"},
		{`{name: a, pagerDuty: {routingKey: env:X, region: mars}}`, "pagerDuty.region"},
		{`{name: a, pagerDuty: {routingKey: env:X, severity: bad}}`, "pagerDuty.severity"},
		{`{name: a, pagerDuty: {routingKey: env:X, maxIncidents: -1}}`, "pagerDuty.maxIncidents"},
		{`{name: a, slack: {url: env:X, template: /no/such/file}}`, "reading template /no/such/file"},
		{`{name: a, slack: {url: env:X, template: ` + template("syntax", `{{define "title"}}{{`) + `}}`, "reading template"},
		{`{name: a, slack: {url: env:X, template: ` + template("field", `{{define "status"}}{{.NoSuchField}}{{end}}`) + `}}`, "NoSuchField"},
		{`{name: a, slack: {url: env:X, template: ` + template("long", `{{define "status"}}`+strings.Repeat("x", 3001)+`{{end}}`) + `}}`, "too large"},
	} {
		_, err := Open(parse(t, "channels:\n  - "+c.channel), Options{})
		if err == nil || !strings.Contains(err.Error(), "notification channel 1 (") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.channel, err, c.want)
			continue
		}
		wantNoSecret(t, err.Error())
	}
	_, err := Open(parse(t, "allowAddresses: [all]\nchannels:\n  - {name: a, teams: {url: env:X}}\n  - {name: a, teams: {url: env:X}}\n  - {name: b}"), Options{})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want three mistakes at once, got %v", err)
	}
}

func TestATemplateReplacesOnlyTheBlocksThatItDefines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.tmpl")
	own := `{{define "title"}}{{.New}} sad cells{{end}}{{define "status"}}{{bold "hi"}} {{link "there" .Dashboard}} {{range .Reasons}}{{.Text}}{{end}}{{end}}`
	if err := os.WriteFile(file, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	m := messages["sample"]
	m.DashboardURL = "https://dash.example/?a=1&b=2"
	m.Attention = append([]Finding{}, m.Attention...)
	m.Attention[0].Reason = "<b> & [c](d)"
	for name, c := range map[string]struct {
		mark   markup
		status string
	}{
		"Slack": {mrkdwn, "*hi* <https://dash.example/?a=1&amp;b=2|there> &lt;b&gt; &amp; [c](d)"},
		"Teams": {cardText, "\x01hi\x04 \x03https://dash.example/?a=1&b=2\x05there\x04 <b> & [c](d)"},
		"SNS":   {plain, "hi there: https://dash.example/?a=1&b=2 <b> & [c](d)"},
	} {
		texts, err := loadTexts("chat", c.mark, file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := texts.blocks(m, allowances[0])
		if err != nil {
			t.Fatal(err)
		}
		if b.title != "1 sad cells" || b.status != c.status || !strings.Contains(b.done, "reverted drift") {
			t.Errorf("%s: title %q, status %q, done %q", name, b.title, b.status, b.done)
		}
	}
}
