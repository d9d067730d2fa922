// Package rds is the part of Amazon RDS that disaster recovery needs: database
// instances, their snapshots, and how those are shared, copied to another account
// and region, and restored.
//
// A snapshot that is encrypted can be shared only with a key that is not AWS's
// own, and copied or restored elsewhere only by accounts that a grant of the key
// names. Automated snapshots cannot be shared.
package rds

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// How long RDS takes, on AWS and here.
const (
	creating     = 6 * time.Minute
	snapshotting = 4 * time.Minute
	copying      = 10 * time.Minute
)

// maxManual is the quota of manual snapshots in an account and region.
const maxManual = 100

// Keys is what RDS asks of KMS.
type Keys interface {
	Resolve(account, region, service, name string) (arn string, ok bool)
	Shared(arn string) bool
	May(account, arn, operation string) bool
}

// RDS is the service in every account and region.
type RDS struct {
	world     *core.World
	keys      Keys
	instances map[id]*database
	snapshots map[id]*snapshot
}

type id struct{ account, region, name string }

type database struct {
	id
	class, engine, status, key string
	storage                    int32
	created                    time.Time
	tags                       []tag
}

type snapshot struct {
	id
	database, engine, kind, status, key, source string
	storage                                     int32
	created                                     time.Time
	instance                                    time.Time // when the database was made
	shared                                      []string  // accounts, or all
	tags                                        []tag
}

type tag struct {
	Key   string `valid:"required,max=128"`
	Value string `valid:"max=256"`
}

// New makes the service.
func New(w *core.World, keys Keys) *RDS {
	return &RDS{world: w, keys: keys, instances: map[id]*database{}, snapshots: map[id]*snapshot{}}
}

// Service is the API.
func (r *RDS) Service() core.Service {
	return core.Service{
		Name:        "rds",
		Protocols:   []core.Protocol{core.Query},
		Version:     "2014-10-31",
		Namespace:   "http://rds.amazonaws.com/doc/2014-10-31/",
		InvalidCode: "InvalidParameterValue",
		Actions: map[string]core.Action{
			"CreateDBInstance":                core.Write(core.Do(r.createInstance)),
			"DescribeDBInstances":             core.Do(r.describeInstances),
			"DeleteDBInstance":                core.Write(core.Do(r.deleteInstance)),
			"CreateDBSnapshot":                core.Write(core.Do(r.createSnapshot)),
			"CopyDBSnapshot":                  core.Write(core.Do(r.copySnapshot)),
			"DescribeDBSnapshots":             core.Do(r.describeSnapshots),
			"DeleteDBSnapshot":                core.Write(core.Do(r.deleteSnapshot)),
			"DescribeDBSnapshotAttributes":    core.Do(r.describeAttributes),
			"ModifyDBSnapshotAttribute":       core.Write(core.Do(r.modifyAttribute)),
			"RestoreDBInstanceFromDBSnapshot": core.Write(core.Do(r.restoreInstance)),
		},
	}
}

// BackUp makes an automated snapshot of a database, as RDS does once a day in the
// backup window.
func (r *RDS) BackUp(account, region, name string) error {
	d := r.instances[id{account, region, name}]
	if d == nil {
		return instanceNotFound(name)
	}
	r.snap(d, fmt.Sprintf("rds:%s-%s", name, r.world.Now().UTC().Format("2006-01-02-15-04")), "automated", nil)
	return nil
}

func instanceNotFound(name string) error {
	return core.Errorf(http.StatusNotFound, "DBInstanceNotFound", "DBInstance %s not found.", name)
}

func snapshotNotFound(name string) error {
	return core.Errorf(http.StatusNotFound, "DBSnapshotNotFound", "DBSnapshot not found: %s", name)
}

func (r *RDS) arn(i id, kind string) string {
	return fmt.Sprintf("arn:%s:rds:%s:%s:%s:%s", r.world.Options.Partition, i.region, i.account, kind, i.name)
}

type createInstanceInput struct {
	DBInstanceIdentifier string `valid:"required,max=63,pattern=[a-zA-Z][a-zA-Z0-9-]*"`
	DBInstanceClass      string `valid:"required"`
	Engine               string `valid:"required"`
	AllocatedStorage     *int32 `valid:"min=20,max=65536"`
	StorageEncrypted     bool
	KmsKeyId             string
	MasterUsername       string
	MasterUserPassword   string
	Tags                 []tag
}

type instanceView struct {
	DBInstanceIdentifier, DBInstanceClass, Engine, DBInstanceStatus, DBInstanceArn, KmsKeyId string

	AllocatedStorage   int32
	InstanceCreateTime time.Time
	StorageEncrypted   bool
	TagList            []tag `item:"Tag"`
}

type instanceOutput struct{ DBInstance instanceView }

func (r *RDS) createInstance(c *core.Call, in *createInstanceInput) (*instanceOutput, error) {
	d := &database{
		id: r.here(c, in.DBInstanceIdentifier), class: in.DBInstanceClass, engine: in.Engine, storage: 20, tags: in.Tags,
	}
	if in.AllocatedStorage != nil {
		d.storage = *in.AllocatedStorage
	}
	if in.StorageEncrypted || in.KmsKeyId != "" {
		key, ok := r.keys.Resolve(c.Caller.Account, c.Region, "rds", in.KmsKeyId)
		if !ok {
			return nil, keyNotAccessible(in.KmsKeyId)
		}
		d.key = key
	}
	return r.begin(d)
}

func keyNotAccessible(name string) error {
	return core.Errorf(http.StatusBadRequest, "KMSKeyNotAccessibleFault", "The specified KMS key [%s] does not exist, is not enabled or you do not have permissions to access it.", name)
}

func (r *RDS) here(c *core.Call, name string) id {
	return id{c.Caller.Account, c.Region, strings.ToLower(name)}
}

// begin makes a database that is available after a while.
func (r *RDS) begin(d *database) (*instanceOutput, error) {
	if r.instances[d.id] != nil {
		return nil, core.Errorf(http.StatusBadRequest, "DBInstanceAlreadyExists", "DB instance already exists")
	}
	d.status, d.created = "creating", r.world.Now()
	r.instances[d.id] = d
	r.world.After(creating, func() { d.status = "available" })
	return &instanceOutput{r.instance(d)}, nil
}

func (r *RDS) instance(d *database) instanceView {
	return instanceView{
		DBInstanceIdentifier: d.name, DBInstanceClass: d.class, Engine: d.engine, DBInstanceStatus: d.status, DBInstanceArn: r.arn(d.id, "db"),
		KmsKeyId: d.key, AllocatedStorage: d.storage, InstanceCreateTime: d.created, StorageEncrypted: d.key != "", TagList: append([]tag{}, d.tags...),
	}
}

type describeInstancesInput struct {
	DBInstanceIdentifier string
	MaxRecords           *int32 `valid:"min=20,max=100"`
	Marker               string
}

type describeInstancesOutput struct {
	DBInstances []instanceView `item:"DBInstance"`
	Marker      string
}

func (r *RDS) describeInstances(c *core.Call, in *describeInstancesInput) (*describeInstancesOutput, error) {
	out := &describeInstancesOutput{DBInstances: []instanceView{}}
	if name := in.DBInstanceIdentifier; name != "" {
		name = name[strings.LastIndex(name, ":")+1:]
		d := r.instances[r.here(c, name)]
		if d == nil {
			return nil, instanceNotFound(name)
		}
		out.DBInstances = append(out.DBInstances, r.instance(d))
		return out, nil
	}
	var list []*database
	for _, d := range r.instances {
		if d.account == c.Caller.Account && d.region == c.Region && d.name > in.Marker {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b *database) int { return cmp.Compare(a.name, b.name) })
	for _, d := range list {
		if len(out.DBInstances) == pageSize(in.MaxRecords) {
			out.Marker = out.DBInstances[len(out.DBInstances)-1].DBInstanceIdentifier
			break
		}
		out.DBInstances = append(out.DBInstances, r.instance(d))
	}
	return out, nil
}

func pageSize(most *int32) int {
	if most == nil {
		return 100
	}
	return int(*most)
}

type deleteInstanceInput struct {
	DBInstanceIdentifier      string `valid:"required"`
	SkipFinalSnapshot         bool
	FinalDBSnapshotIdentifier string
}

func (r *RDS) deleteInstance(c *core.Call, in *deleteInstanceInput) (*instanceOutput, error) {
	d := r.instances[r.here(c, in.DBInstanceIdentifier)]
	switch {
	case d == nil:
		return nil, instanceNotFound(in.DBInstanceIdentifier)
	case !in.SkipFinalSnapshot && in.FinalDBSnapshotIdentifier == "":
		return nil, core.Errorf(400, "InvalidParameterCombination", "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
	case !in.SkipFinalSnapshot:
		r.snap(d, in.FinalDBSnapshotIdentifier, "manual", nil)
	}
	d.status = "deleting"
	delete(r.instances, d.id)
	maps.DeleteFunc(r.snapshots, func(_ id, s *snapshot) bool { // automated ones go with it
		return s.kind == "automated" && s.database == d.name && s.account == d.account && s.region == d.region
	})
	return &instanceOutput{r.instance(d)}, nil
}
