package notify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"sync"
	"time"
)

// Config is the part of the policy file that says whom to tell.
type Config struct {
	Channels []ChannelConfig `yaml:"channels" json:"channels"`
	// AllowAddresses are addresses (10.1.2.3) and ranges (10.1.2.0/24) that requests
	// may go to though they are not public.
	AllowAddresses []string `yaml:"allowAddresses,omitempty" json:"allowAddresses,omitempty"`
}

// When says which messages go to a channel.
type When string

const (
	// OnAttention: something new needs a person. The default.
	OnAttention When = "attention"
	// OnChange: something was done, or needs a person, or does no longer.
	OnChange When = "change"
	// Always: after every run.
	Always When = "always"
)

// ChannelConfig is a channel: a name, a rule, and exactly one service.
type ChannelConfig struct {
	Name string `yaml:"name" json:"name"`
	When When   `yaml:"when,omitempty" json:"when,omitempty"`

	Teams      *TeamsConfig      `yaml:"teams,omitempty" json:"teams,omitempty"`
	Slack      *SlackConfig      `yaml:"slack,omitempty" json:"slack,omitempty"`
	Confluence *ConfluenceConfig `yaml:"confluence,omitempty" json:"confluence,omitempty"`
	Webhook    *WebhookConfig    `yaml:"webhook,omitempty" json:"webhook,omitempty"`
	SNS        *SNSConfig        `yaml:"sns,omitempty" json:"sns,omitempty"`
	PagerDuty  *PagerDutyConfig  `yaml:"pagerDuty,omitempty" json:"pagerDuty,omitempty"`
}

// Channel is a channel ready for use.
type Channel struct {
	Name string
	When When
	Notifier
}

// Options are what channels need besides their configuration. The zero value works.
type Options struct {
	Resolver  Resolver       // for references that are not env: or file:
	Publisher Publisher      // for SNS
	Roots     *x509.CertPool // whom to trust; nil means the system's
}

// service is what all that speak HTTP share.
type service struct {
	client   *client
	resolver Resolver
}

// Open makes the channels of a configuration, after having checked all of it. It
// reads templates, but neither secrets nor the network.
func Open(config Config, options Options) ([]Channel, error) {
	allowed, errs := parseAddresses(config.AllowAddresses)
	base := service{newClient(allowed, options.Roots), options.Resolver}
	var channels []Channel
	seen := map[string]bool{}
	for i, c := range config.Channels {
		channel, err := c.open(base, options)
		if err == nil && seen[c.Name] {
			err = errors.New("the name is used twice")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("notification channel %d (%s): %w", i+1, clean(c.Name, 40), err))
		}
		seen[c.Name] = true
		channels = append(channels, channel)
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	return channels, nil
}

func parseAddresses(texts []string) (list []netip.Prefix, errs []error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if addr, plain := netip.ParseAddr(text); plain == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("allowAddresses: %q is neither an address nor a range", clean(text, 40)))
			continue
		}
		list = append(list, prefix)
	}
	return list, errs
}

var channelName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`) })

func (c ChannelConfig) open(base service, options Options) (Channel, error) {
	if !channelName().MatchString(c.Name) {
		return Channel{}, errors.New("a name has 1 to 40 of a-z, 0-9 and -")
	}
	channel := Channel{Name: c.Name, When: c.When}
	switch c.When {
	case "":
		channel.When = OnAttention
	case OnAttention, OnChange, Always:
	default:
		return Channel{}, fmt.Errorf("when is attention, change or always, not %q", clean(string(c.When), 40))
	}
	notifier, err := c.notifier(base, options)
	if err != nil {
		return Channel{}, err
	}
	channel.Notifier = notifier
	return channel, tried(notifier)
}

// exampleTime is any time, for rendering what is not sent.
var exampleTime = time.Unix(0, 0)

// tried finds errors in templates before a run has something to tell.
func tried(n Notifier) error {
	_, err := n.Parts(Sample(exampleTime))
	return err
}

func (c ChannelConfig) notifier(base service, options Options) (Notifier, error) {
	var made []Notifier
	var errs []error
	add := func(n Notifier, err error) {
		made, errs = append(made, n), append(errs, err)
	}
	if c.Teams != nil {
		texts, err := loadTexts("chat", cardText, c.Teams.Template)
		add(&teams{base, *c.Teams, texts}, errors.Join(err, c.Teams.URL.check("teams.url")))
	}
	if c.Slack != nil {
		texts, err := loadTexts("chat", mrkdwn, c.Slack.Template)
		add(&slack{base, *c.Slack, texts}, errors.Join(err, c.Slack.URL.check("slack.url")))
	}
	if c.Confluence != nil {
		texts, err := loadTexts("page", storage, c.Confluence.Template)
		add(&confluence{base, *c.Confluence, texts}, errors.Join(err, c.Confluence.check()))
	}
	if c.Webhook != nil {
		add(&webhook{base, *c.Webhook}, c.Webhook.check())
	}
	if c.SNS != nil {
		texts, err := loadTexts("chat", plain, c.SNS.Template)
		add(&sns{options.Publisher, *c.SNS, texts}, errors.Join(err, c.SNS.check()))
	}
	if c.PagerDuty != nil {
		n, err := c.PagerDuty.open(base)
		add(n, err)
	}
	if len(made) != 1 {
		return nil, fmt.Errorf("it has %d services, want one of teams, slack, confluence, webhook, sns, pagerDuty", len(made))
	}
	return made[0], errs[0]
}

func (c *WebhookConfig) check() error {
	if c.Key == "" {
		return c.URL.check("webhook.url")
	}
	return errors.Join(c.URL.check("webhook.url"), c.Key.check("webhook.key"))
}

func (c *SNSConfig) check() error {
	if !topicARN().MatchString(c.Topic) {
		return errors.New("sns.topic is not the ARN of a topic")
	}
	return nil
}

func (c *ConfluenceConfig) check() error {
	err := c.Token.check("confluence.token")
	site, bad := url.Parse(c.Site)
	if bad != nil || site.Scheme != "https" || site.Host == "" || site.RawQuery != "" || site.User != nil {
		err = errors.Join(err, errors.New("confluence.site is not an https:// address"))
	}
	if !pageID().MatchString(c.PageID) {
		err = errors.Join(err, errors.New("confluence.pageId is not a number; it stands in the page's URL"))
	}
	if c.DataCenter == (c.Email != "") {
		err = errors.Join(err, errors.New("confluence.email goes with Cloud's tokens, and not with Data Center's"))
	}
	return err
}

func (c *PagerDutyConfig) open(base service) (*pagerDuty, error) {
	err := c.RoutingKey.check("pagerDuty.routingKey")
	p := &pagerDuty{service: base, config: *c}
	switch c.Region {
	case "", "us":
		p.url = pagerDutyUS
	case "eu":
		p.url = pagerDutyEU
	default:
		err = errors.Join(err, errors.New("pagerDuty.region is us or eu"))
	}
	switch c.Severity {
	case "", "critical", "error", "warning", "info":
	default:
		err = errors.Join(err, errors.New("pagerDuty.severity is critical, error, warning or info"))
	}
	if c.MaxIncidents < 0 {
		err = errors.Join(err, errors.New("pagerDuty.maxIncidents is negative"))
	}
	return p, err
}
