package awssim

import (
	"github.com/setmend/setmend/awssim/internal/cloudwatch"
	"github.com/setmend/setmend/awssim/internal/events"
	"github.com/setmend/setmend/awssim/internal/s3"
	"github.com/setmend/setmend/awssim/internal/sns"
	"github.com/setmend/setmend/awssim/internal/ssm"
)

// dataServices are views on the one store of live resources, with what no resource
// holds beside it: objects, messages, metrics.
type dataServices struct {
	parameters *ssm.Store
	objects    *s3.Store
	topics     *sns.SNS
	metrics    *cloudwatch.CloudWatch
	bus        *events.EventBridge
}

func (a *AWS) assembleData() {
	d := &a.data
	d.parameters = ssm.New(a.world, store{a})
	d.objects = s3.New(a.world, store{a})
	d.topics = sns.New(a.world, store{a})
	d.metrics = cloudwatch.New(a.world, store{a})
	d.bus = events.New(a.world, d.topics, store{a})
	a.add(d.parameters.Service())
	a.add(d.objects.Service())
	a.add(d.topics.Service())
	a.add(d.metrics.Service())
	a.add(d.bus.Service())
}

// The types of the accessors below.
type (
	Parameters  = ssm.Store
	Objects     = s3.Store
	Topics      = sns.SNS
	Metrics     = cloudwatch.CloudWatch
	EventBridge = events.EventBridge
)

// Parameters is Parameter Store, for filling it from Go. Like all the accessors
// here it is used with the lock held.
func (a *AWS) Parameters() *Parameters { return a.data.parameters }

// Objects is S3, for filling buckets and reading them.
func (a *AWS) Objects() *Objects { return a.data.objects }

// Topics is SNS, for reading what was published.
func (a *AWS) Topics() *Topics { return a.data.topics }

// Metrics is CloudWatch, for reading what was reported.
func (a *AWS) Metrics() *Metrics { return a.data.metrics }

// EventBridge is EventBridge, for hooking Go functions to target ARNs.
func (a *AWS) EventBridge() *EventBridge { return a.data.bus }
