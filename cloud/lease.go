package cloud

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/setmend/setmend/fleet"
)

// LeaseParameter is a text that several processes share: an SSM parameter. Parameter
// Store has no conditional write; its versions grow by one with each write, so that
// a writer learns whether another came between its read and its write.
type LeaseParameter struct {
	aws  *AWS
	name string
}

// LeaseParameter returns the parameter of the given name, which need not exist.
func (a *AWS) LeaseParameter(name string) *LeaseParameter { return &LeaseParameter{a, name} }

func (p *LeaseParameter) client() *ssm.Client {
	return ssm.NewFromConfig(p.aws.sdk, func(o *ssm.Options) { o.APIOptions = append(o.APIOptions, p.aws.count) })
}

// Read returns the text, its version, and how old it is by AWS's own clock; version
// 0 if there is none.
func (p *LeaseParameter) Read(ctx context.Context) (text string, version int64, age time.Duration, err error) {
	out, err := call(ctx, p.aws, getParameter.on("parameter %s", p.name), p.client().GetParameter, &ssm.GetParameterInput{Name: aws.String(p.name)})
	if fleet.KindOf(err) == fleet.NotFound {
		return "", 0, 0, nil
	}
	if err != nil {
		return "", 0, 0, err
	}
	if out.Parameter == nil {
		return "", 0, 0, unreadable(getParameter, "parameter "+p.name)
	}
	if now, ok := serverTime(out.ResultMetadata); ok && out.Parameter.LastModifiedDate != nil {
		age = max(0, now.Sub(*out.Parameter.LastModifiedDate))
	}
	return aws.ToString(out.Parameter.Value), out.Parameter.Version, age, nil
}

// Write replaces the text and returns the version that it got. An unknown outcome
// is an error: read before going on.
func (p *LeaseParameter) Write(ctx context.Context, text string) (version int64, err error) {
	out, err := call(ctx, p.aws, putParameter.on("parameter %s", p.name), p.client().PutParameter, &ssm.PutParameterInput{
		Name: aws.String(p.name), Value: aws.String(text), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)})
	if err != nil {
		return 0, err
	}
	return out.Version, nil
}
