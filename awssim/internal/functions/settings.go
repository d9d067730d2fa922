package functions

import (
	"cmp"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

type concurrencyShape struct{ ReservedConcurrentExecutions *int32 }

func concurrencyOf(n *int) *concurrencyShape {
	if n == nil {
		return &concurrencyShape{}
	}
	v := int32(*n)
	return &concurrencyShape{&v}
}

type concurrencyInput struct {
	FunctionName                 string `valid:"required,min=1,max=140"`
	ReservedConcurrentExecutions *int32 `valid:"min=0"`
}

// keptUnreserved is how much of an account's concurrency cannot be reserved.
const keptUnreserved = 100

func (f *Functions) putConcurrency(c *core.Call, in *concurrencyInput) (*concurrencyShape, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	switch {
	case err != nil:
		return nil, err
	case in.ReservedConcurrentExecutions == nil:
		return nil, invalid("1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null")
	case int(*in.ReservedConcurrentExecutions) > f.limit()-keptUnreserved:
		return nil, invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", keptUnreserved)
	}
	n := int(*in.ReservedConcurrentExecutions)
	f.of(fn.arn).reserved = &n
	return concurrencyOf(&n), nil
}

func (f *Functions) getConcurrency(c *core.Call, in *functionInput) (*concurrencyShape, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	return concurrencyOf(f.of(fn.arn).reserved), nil
}

func (f *Functions) deleteConcurrency(c *core.Call, in *functionInput) (*struct{}, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	f.of(fn.arn).reserved = nil
	return &struct{}{}, nil
}

// limit is the account's limit of concurrent executions.
func (f *Functions) limit() int {
	if f.options.Concurrency > 0 {
		return f.options.Concurrency
	}
	return 1000
}

type accountLimit struct {
	TotalCodeSize, CodeSizeUnzipped, CodeSizeZipped      int64
	ConcurrentExecutions, UnreservedConcurrentExecutions int32
}

type accountUsage struct{ TotalCodeSize, FunctionCount int64 }

type accountSettings struct {
	AccountLimit *accountLimit
	AccountUsage *accountUsage
}

func (f *Functions) getAccountSettings(c *core.Call, _ *struct{}) (*accountSettings, error) {
	usage, free := accountUsage{}, f.limit()
	for _, fn := range f.functions.At(c.Caller.Account, c.Region) {
		usage.FunctionCount++
		usage.TotalCodeSize += int64(fn.size)
		if n := f.of(fn.arn).reserved; n != nil {
			free -= *n
		}
	}
	return &accountSettings{&accountLimit{80 << 30, largestCode, largestZip, int32(f.limit()), int32(free)}, &usage}, nil
}

type tagsInput struct {
	Resource string            `valid:"required,min=1,max=256"`
	Tags     map[string]string `valid:"max=50"`
	TagKeys  []string          `wire:"tagKeys"`
}

type tagsOutput struct{ Tags map[string]string }

func (f *Functions) tagged(c *core.Call, arn string) (*function, error) {
	if !strings.HasPrefix(arn, "arn:") {
		return nil, invalid("The resource ARN %s is not valid.", arn)
	}
	fn, _, err := f.function(c, arn, "")
	return fn, err
}

func (f *Functions) listTags(c *core.Call, in *tagsInput) (*tagsOutput, error) {
	fn, err := f.tagged(c, in.Resource)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{property.Tags(fn.live.Properties["Tags"])}, nil
}

func (f *Functions) tagResource(c *core.Call, in *tagsInput) (*struct{}, error) {
	fn, err := f.tagged(c, in.Resource)
	if err != nil {
		return nil, err
	}
	tags := property.Tags(fn.live.Properties["Tags"])
	for key, value := range in.Tags {
		tags[key] = value
	}
	_, err = f.functions.Change(fn.live, property.With(fn.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}

func (f *Functions) untagResource(c *core.Call, in *tagsInput) (*struct{}, error) {
	fn, err := f.tagged(c, in.Resource)
	if err != nil {
		return nil, err
	}
	tags := property.Tags(fn.live.Properties["Tags"])
	for key := range tags {
		if slices.Contains(in.TagKeys, key) {
			delete(tags, key)
		}
	}
	_, err = f.functions.Change(fn.live, property.With(fn.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}

// asyncConfig is how asynchronous invocations of a function are tried again and
// where their outcome goes, as its live resource has it.
type asyncConfig struct {
	live                 core.Live
	function, qualifier  string
	retries, age         int
	onSuccess, onFailure string
}

// The defaults of asynchronous invocation.
const (
	defaultRetries = 2
	defaultAge     = 6 * 60 * 60 // seconds
)

func takeConfig(l core.Live, _ *asyncConfig) *asyncConfig {
	p := l.Properties
	to := property.Map(p["DestinationConfig"])
	return &asyncConfig{l, property.Text(p["FunctionName"]), property.Text(p["Qualifier"]), property.Int(p["MaximumRetryAttempts"], defaultRetries),
		property.Int(p["MaximumEventAgeInSeconds"], defaultAge), property.Text(property.Map(to["OnSuccess"])["Destination"]), property.Text(property.Map(to["OnFailure"])["Destination"])}
}

// configOf is how a function is invoked asynchronously, nil where nothing is set.
func (f *Functions) configOf(fn *function, qualifier string) *asyncConfig {
	for _, c := range f.configs.At(fn.account, fn.region) {
		if refer(fn.account, fn.region, c.function).name == fn.name && cmp.Or(c.qualifier, latest) == cmp.Or(qualifier, latest) {
			return c
		}
	}
	return nil
}

type destinationShape struct{ Destination string }

type destinationsShape struct{ OnSuccess, OnFailure *destinationShape }

type configInput struct {
	FunctionName             string `valid:"required,min=1,max=140"`
	Qualifier                string
	MaximumRetryAttempts     *int32 `valid:"min=0,max=2"`
	MaximumEventAgeInSeconds *int32 `valid:"min=60,max=21600"`
	DestinationConfig        *destinationsShape
}

type configOutput struct {
	LastModified                                   float64
	FunctionArn                                    string
	MaximumRetryAttempts, MaximumEventAgeInSeconds int32
	DestinationConfig                              *destinationsShape
}

func (f *Functions) configShape(fn *function, c *asyncConfig) *configOutput {
	out := &configOutput{float64(c.live.Changed.Unix()), fn.arn + ":" + cmp.Or(c.qualifier, latest), int32(c.retries), int32(c.age), &destinationsShape{&destinationShape{}, &destinationShape{}}}
	out.DestinationConfig.OnSuccess.Destination, out.DestinationConfig.OnFailure.Destination = c.onSuccess, c.onFailure
	return out
}

func (f *Functions) putConfig(c *core.Call, in *configInput) (*configOutput, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	p := map[string]any{"FunctionName": fn.name, "Qualifier": cmp.Or(qualifier, latest)}
	if in.MaximumRetryAttempts != nil {
		p["MaximumRetryAttempts"] = float64(*in.MaximumRetryAttempts)
	}
	if in.MaximumEventAgeInSeconds != nil {
		p["MaximumEventAgeInSeconds"] = float64(*in.MaximumEventAgeInSeconds)
	}
	to := map[string]any{}
	if d := in.DestinationConfig; d != nil {
		for name, one := range map[string]*destinationShape{"OnSuccess": d.OnSuccess, "OnFailure": d.OnFailure} {
			if one != nil && one.Destination != "" {
				to[name] = map[string]any{"Destination": one.Destination}
			}
		}
	}
	p = property.With(p, "DestinationConfig", to)
	now := f.configOf(fn, qualifier)
	if now == nil {
		now, _, err = f.configs.Make(fn.account, fn.region, p)
	} else {
		now, err = f.configs.Change(now.live, p)
	}
	if err != nil {
		return nil, err
	}
	return f.configShape(fn, now), nil
}

func (f *Functions) config(c *core.Call, in *functionInput) (*function, *asyncConfig, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, nil, err
	}
	now := f.configOf(fn, qualifier)
	if now == nil {
		return nil, nil, notFound("The function " + fn.arn + ":" + cmp.Or(qualifier, latest) + " doesn't have an EventInvokeConfig")
	}
	return fn, now, nil
}

func (f *Functions) getConfig(c *core.Call, in *functionInput) (*configOutput, error) {
	fn, now, err := f.config(c, in)
	if err != nil {
		return nil, err
	}
	return f.configShape(fn, now), nil
}

func (f *Functions) deleteConfig(c *core.Call, in *functionInput) (*struct{}, error) {
	_, now, err := f.config(c, in)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, f.configs.Delete(now.live)
}

// functionURL is a function's URL, as its live resource has it.
type functionURL struct {
	live                core.Live
	function, qualifier string
	auth, url, mode     string
}

func takeURL(l core.Live, _ *functionURL) *functionURL {
	p := l.Properties
	u := &functionURL{l, property.Text(p["TargetFunctionArn"]), property.Text(p["Qualifier"]), property.Text(p["AuthType"]), property.Text(l.Model["FunctionUrl"]), cmp.Or(property.Text(p["InvokeMode"]), "BUFFERED")}
	return u
}

type urlInput struct {
	FunctionName string `valid:"required,min=1,max=140"`
	Qualifier    string
	AuthType     string `valid:"enum=NONE|AWS_IAM"`
	InvokeMode   string `valid:"enum=BUFFERED|RESPONSE_STREAM"`
	Cors         map[string]any
}

type urlOutput struct{ FunctionUrl, FunctionArn, AuthType, CreationTime, LastModifiedTime, InvokeMode string }

func (f *Functions) urlOf(fn *function, qualifier string) *functionURL {
	for _, u := range f.urls.At(fn.account, fn.region) {
		if refer(fn.account, fn.region, u.function).name == fn.name && u.qualifier == qualifier {
			return u
		}
	}
	return nil
}

func urlShape(fn *function, u *functionURL) *urlOutput {
	const form = "2006-01-02T15:04:05.000Z"
	return &urlOutput{u.url, withQualifier(fn.arn, u.qualifier), u.auth, u.live.Made.UTC().Format(form), u.live.Changed.UTC().Format(form), u.mode}
}

func (f *Functions) createURL(c *core.Call, in *urlInput) (*urlOutput, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	switch {
	case err != nil:
		return nil, err
	case in.AuthType == "":
		return nil, invalid("1 validation error detected: Value null at 'authType' failed to satisfy constraint: Member must not be null")
	case f.urlOf(fn, qualifier) != nil:
		return nil, refuse(409, "ResourceConflictException", "Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", fn.arn)
	}
	p := map[string]any{"TargetFunctionArn": fn.arn, "AuthType": in.AuthType}
	p = property.With(property.With(property.With(p, "Qualifier", qualifier), "InvokeMode", in.InvokeMode), "Cors", in.Cors)
	u, _, err := f.urls.Make(fn.account, fn.region, p)
	if err != nil {
		return nil, err
	}
	return urlShape(fn, u), nil
}

func (f *Functions) url(c *core.Call, in *functionInput) (*function, *functionURL, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, nil, err
	}
	u := f.urlOf(fn, qualifier)
	if u == nil {
		return nil, nil, notFound("The resource you requested does not exist.")
	}
	return fn, u, nil
}

func (f *Functions) getURL(c *core.Call, in *functionInput) (*urlOutput, error) {
	fn, u, err := f.url(c, in)
	if err != nil {
		return nil, err
	}
	return urlShape(fn, u), nil
}

func (f *Functions) deleteURL(c *core.Call, in *functionInput) (*struct{}, error) {
	_, u, err := f.url(c, in)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, f.urls.Delete(u.live)
}
