package cloud

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"

	"github.com/setmend/setmend/fleet"
)

// How long a request may take before its outcome counts as unknown. AWS answers
// in well under a second; the longest known are template reads.
const (
	dialTimeout    = 10 * time.Second
	requestTimeout = 60 * time.Second
)

// visitor is the credentials for an embedded AWS when nobody gave any. It takes
// any key for the management account, and has nothing to protect.
var visitor = Keys{AccessKeyID: "setmend", SecretAccessKey: "setmend"}

// connect makes the SDK's configuration. With a transport of the caller's it is
// hermetic: neither environment nor files nor network are looked at.
func connect(ctx context.Context, c Config) (aws.Config, error) {
	if err := checkEndpoint(c.EndpointURL); err != nil {
		return aws.Config{}, err
	}
	var sdk aws.Config
	if c.Transport != nil {
		sdk = aws.Config{HTTPClient: inProcess(c.Transport), BaseEndpoint: optional(c.EndpointURL)}
		if c.Keys == nil {
			c.Keys = &visitor
		}
	} else {
		var err error
		if sdk, err = load(ctx, c); err != nil {
			return aws.Config{}, &fleet.Error{Kind: fleet.Expired, Call: "loading the AWS configuration", Message: err.Error(), Err: err}
		}
	}
	if c.Keys != nil {
		sdk.Credentials = fixed(*c.Keys)
	} else if isLoopback(aws.ToString(sdk.BaseEndpoint)) && sdk.Credentials != nil {
		sdk.Credentials = orVisitor{sdk.Credentials}
	}
	if c.Region != "" {
		sdk.Region = string(c.Region)
	}
	if sdk.Region == "" {
		return aws.Config{}, refuse("loading the AWS configuration", "", "no home region is set")
	}
	sdk.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	// The SDK writes to stderr, into the progress line, what concerns nobody (a
	// connection that is not reused). What matters comes back as an error.
	sdk.Logger = logging.Nop{}
	return sdk, nil
}

// load reads the SDK's configuration as the AWS CLI would.
func load(ctx context.Context, c Config) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTimeout(requestTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout })
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(client)}
	if c.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.Profile))
	}
	if c.Region != "" {
		options = append(options, config.WithRegion(string(c.Region)))
	}
	if c.EndpointURL != "" {
		options = append(options, config.WithBaseEndpoint(c.EndpointURL))
	}
	if isLoopback(cmp.Or(c.EndpointURL, os.Getenv("AWS_ENDPOINT_URL"))) {
		// An embedded AWS on this machine: no use in asking a cloud for credentials.
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	return config.LoadDefaultConfig(ctx, options...)
}

func inProcess(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport,
		Timeout:   requestTimeout,
		// As the SDK's own client: a redirect would lose the request's body.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return refuse("loading the AWS configuration", "", "the endpoint is not an http or https URL")
	}
	return nil
}

func isLoopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func fixed(k Keys) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, k.SessionToken)
}

// orVisitor falls back to the visitor's keys where there are no others. It is
// for endpoints on this machine only: AWS itself is never called so.
type orVisitor struct{ aws.CredentialsProvider }

func (p orVisitor) Retrieve(ctx context.Context) (aws.Credentials, error) {
	keys, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		return fixed(visitor).Retrieve(ctx)
	}
	return keys, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
