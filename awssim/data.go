package awssim

import (
	"github.com/setmend/setmend/awssim/internal/cloudwatch"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/ec2"
	"github.com/setmend/setmend/awssim/internal/elb"
	"github.com/setmend/setmend/awssim/internal/events"
	"github.com/setmend/setmend/awssim/internal/functions"
	"github.com/setmend/setmend/awssim/internal/kms"
	"github.com/setmend/setmend/awssim/internal/logs"
	"github.com/setmend/setmend/awssim/internal/patches"
	"github.com/setmend/setmend/awssim/internal/rds"
	"github.com/setmend/setmend/awssim/internal/s3"
	"github.com/setmend/setmend/awssim/internal/sns"
	"github.com/setmend/setmend/awssim/internal/sqs"
	"github.com/setmend/setmend/awssim/internal/ssm"
	"github.com/setmend/setmend/awssim/internal/states"
)

// dataServices are views on the one store of live resources, with what no resource
// holds beside it: objects, messages, metrics.
type dataServices struct {
	parameters *ssm.Store
	objects    *s3.Store
	topics     *sns.SNS
	metrics    *cloudwatch.CloudWatch
	bus        *events.EventBridge
	instances  *ec2.EC2
	balancers  *elb.ELB
	keys       *kms.KMS
	databases  *rds.RDS
	logs       *logs.Logs
	queues     *sqs.SQS
	functions  *functions.Functions
	states     *states.States
}

func (a *AWS) assembleData() {
	d := &a.data
	d.parameters = ssm.New(a.world, store{a})
	d.objects = s3.New(a.world, store{a})
	d.topics = sns.New(a.world, store{a})
	d.topics.SetTargets(deliveries{a})
	d.metrics = cloudwatch.New(a.world, store{a})
	d.bus = events.New(a.world, deliveries{a}, d.metrics, store{a})
	d.logs = logs.New(a.world, store{a}, d.metrics)
	d.queues = sqs.New(a.world, store{a}, d.metrics)
	a.assembleServerless()
	d.instances = ec2.New(a.world)
	d.balancers = elb.New(a.world, d.instances)
	d.keys = kms.New(a.world)
	d.databases = rds.New(a.world, d.keys)
	a.add(a.systemsManager())
	a.add(d.objects.Service())
	a.add(d.topics.Service())
	a.add(d.metrics.Service())
	a.add(d.bus.Service())
	a.add(d.instances.Service())
	a.add(d.balancers.Service())
	a.add(d.keys.Service())
	a.add(d.databases.Service())
	a.add(d.logs.Service())
	a.add(d.queues.Service())
	a.add(d.functions.Service())
	a.add(d.states.Service())
}

// systemsManager is Parameter Store and patch management: two packages, one
// service.
func (a *AWS) systemsManager() core.Service {
	service := a.data.parameters.Service()
	service.Actions = merged(service.Actions, patches.New(a.world, a.data.instances).Actions())
	return service
}

// The types of the accessors below.
type (
	Parameters  = ssm.Store
	Objects     = s3.Store
	Topics      = sns.SNS
	Metrics     = cloudwatch.CloudWatch
	EventBridge = events.EventBridge
	Instances   = ec2.EC2
	Databases   = rds.RDS
)

// Parameters is Parameter Store, for filling it from Go. Like all the accessors
// here it is used with the lock held.
func (a *AWS) Parameters() *Parameters { return a.data.parameters }

// Instances is EC2, for breaking instances.
func (a *AWS) Instances() *Instances { return a.data.instances }

// Databases is RDS, for making automated snapshots.
func (a *AWS) Databases() *Databases { return a.data.databases }

// Objects is S3, for filling buckets and reading them.
func (a *AWS) Objects() *Objects { return a.data.objects }

// Topics is SNS, for reading what was published.
func (a *AWS) Topics() *Topics { return a.data.topics }

// Metrics is CloudWatch, for reading what was reported.
func (a *AWS) Metrics() *Metrics { return a.data.metrics }

// EventBridge is EventBridge, for hooking Go functions to target ARNs.
func (a *AWS) EventBridge() *EventBridge { return a.data.bus }
