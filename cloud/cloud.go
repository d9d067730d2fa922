package cloud

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/setmend/setmend/fleet"
)

// Config says which AWS, as whom, and in what time. The zero value is the SDK's
// own credential chain, region and endpoints.
type Config struct {
	// Profile names a profile of the shared configuration; "" is the SDK's choice.
	Profile string
	// Region is the home region, where the stack sets live; "" is the SDK's choice,
	// and an error if the SDK has none.
	Region fleet.Region
	// CallAs is SELF ("" too) or DELEGATED_ADMIN.
	CallAs string
	// EndpointURL replaces AWS's endpoints for all services; "" leaves the SDK's
	// choice, AWS_ENDPOINT_URL included.
	EndpointURL string
	// Transport reaches an AWS in this process. With it, nothing is read from
	// files or the environment. Nil is the network.
	Transport http.RoundTripper
	// Keys are used instead of the SDK's credential chain, if given.
	Keys *Keys
	// Clock is the time to wait in; nil is the time package.
	Clock Clock
	// Random is the source of jitter; nil is seeded by the runtime.
	Random rand.Source
	// MemberSession names the sessions in member accounts, as CloudTrail there
	// shows them; "" is "setmend". MemberExternalID is sent with AssumeRole, if given.
	MemberSession    string
	MemberExternalID string
	// OnCall, if not nil, is told of every request as it is sent, from the calling
	// goroutine: the API action, and whether it changes anything.
	OnCall func(action string, write bool)
}

// Keys is a set of AWS credentials.
type Keys struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// Clock is the time that waits and rates are measured in.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// AWS is a connection to one AWS administrator account and home region. Its
// methods may be called from any goroutine. Every error is a *fleet.Error.
type AWS struct {
	config Config // as given, with the defaults filled in
	sdk    aws.Config
	region fleet.Region
	callAs cfn.CallAs
	clock  Clock
	stats  stats
	pace   pace

	cfn *cloudformation.Client
	org *organizations.Client
	sts *sts.Client

	mu      sync.Mutex // guards what follows
	members map[memberKey]*member
	parents map[string]fleet.OUID // parents of OUs, as DescribeAccount found them
}

// New connects, without sending anything yet.
func New(ctx context.Context, config Config) (*AWS, error) {
	callAs, err := callAsOf(config.CallAs)
	if err != nil {
		return nil, err
	}
	sdk, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	if config.Clock == nil {
		config.Clock = systemClock{}
	}
	if config.Random == nil {
		config.Random = rand.NewPCG(rand.Uint64(), rand.Uint64())
	}
	if config.MemberSession == "" {
		config.MemberSession = "setmend"
	}
	a := &AWS{
		config: config, sdk: sdk, region: fleet.Region(sdk.Region), callAs: callAs, clock: config.Clock,
		pace:    pace{clock: config.Clock, random: rand.New(config.Random), gates: map[gateKey]*gate{}},
		stats:   stats{byAction: map[string]int{}, onCall: config.OnCall},
		members: map[memberKey]*member{},
		parents: map[string]fleet.OUID{},
	}
	a.cfn = cloudformation.NewFromConfig(a.sdk, func(o *cloudformation.Options) { o.APIOptions = append(o.APIOptions, a.count) })
	a.org = organizations.NewFromConfig(a.sdk, func(o *organizations.Options) { o.APIOptions = append(o.APIOptions, a.count) })
	a.sts = sts.NewFromConfig(a.sdk, func(o *sts.Options) { o.APIOptions = append(o.APIOptions, a.count) })
	return a, nil
}

// Region is the home region in use.
func (a *AWS) Region() fleet.Region { return a.region }

func callAsOf(s string) (cfn.CallAs, error) {
	switch s {
	case "", string(cfn.CallAsSelf):
		return cfn.CallAsSelf, nil
	case string(cfn.CallAsDelegatedAdmin):
		return cfn.CallAsDelegatedAdmin, nil
	}
	return "", refuse("configuring AWS", "", "call-as %q is neither SELF nor DELEGATED_ADMIN", s)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
