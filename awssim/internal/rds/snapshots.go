package rds

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type snapshotView struct {
	DBSnapshotIdentifier, DBInstanceIdentifier, Engine, Status, SnapshotType, DBSnapshotArn, KmsKeyId, SourceDBSnapshotIdentifier, SourceRegion string

	SnapshotCreateTime, InstanceCreateTime time.Time
	AllocatedStorage, PercentProgress      int32
	Encrypted                              bool
	TagList                                []tag `item:"Tag"`
}

type snapshotOutput struct{ DBSnapshot snapshotView }

// view is a snapshot as an account sees it: another's has its ARN for a name.
func (r *RDS) view(s *snapshot, account string) snapshotView {
	v := snapshotView{
		DBSnapshotIdentifier: s.name, DBInstanceIdentifier: s.database, Engine: s.engine, Status: s.status, SnapshotType: s.kind,
		DBSnapshotArn: r.arn(s.id, "snapshot"), KmsKeyId: s.key, SourceDBSnapshotIdentifier: s.source, SnapshotCreateTime: s.created,
		InstanceCreateTime: s.instance, AllocatedStorage: s.storage, Encrypted: s.key != "", TagList: append([]tag{}, s.tags...),
	}
	if s.status == "available" {
		v.PercentProgress = 100
	}
	if parts := strings.Split(s.source, ":"); len(parts) > 4 && parts[3] != s.region {
		v.SourceRegion = parts[3]
	}
	if account != s.account {
		v.DBSnapshotIdentifier, v.SnapshotType, v.TagList = v.DBSnapshotArn, "shared", []tag{}
	}
	return v
}

// snap begins a snapshot of a database.
func (r *RDS) snap(d *database, name, kind string, tags []tag) *snapshot {
	s := &snapshot{
		id: id{d.account, d.region, strings.ToLower(name)}, database: d.name, engine: d.engine, kind: kind, key: d.key, storage: d.storage,
		instance: d.created, tags: tags,
	}
	r.keep(s, snapshotting)
	return s
}

// keep has a snapshot available after a while.
func (r *RDS) keep(s *snapshot, after time.Duration) {
	s.status, s.created = "creating", r.world.Now()
	r.snapshots[s.id] = s
	r.world.After(after, func() { s.status = "available" })
}

// free refuses a name that is taken, and one snapshot more than the quota.
func (r *RDS) free(name id) error {
	if r.snapshots[name] != nil {
		return core.Errorf(http.StatusBadRequest, "DBSnapshotAlreadyExists", "Cannot create the snapshot because a snapshot with the identifier %s already exists.", name.name)
	}
	manual := 0
	for _, s := range r.snapshots {
		if s.kind == "manual" && s.account == name.account && s.region == name.region {
			manual++
		}
	}
	if manual >= maxManual {
		return core.Errorf(http.StatusBadRequest, "SnapshotQuotaExceeded", "Cannot create more than %d manual snapshots", maxManual)
	}
	return nil
}

type createSnapshotInput struct {
	DBSnapshotIdentifier string `valid:"required,max=255,pattern=[a-zA-Z][a-zA-Z0-9-]*"`
	DBInstanceIdentifier string `valid:"required"`
	Tags                 []tag
}

func (r *RDS) createSnapshot(c *core.Call, in *createSnapshotInput) (*snapshotOutput, error) {
	d := r.instances[r.here(c, in.DBInstanceIdentifier)]
	if d == nil {
		return nil, instanceNotFound(in.DBInstanceIdentifier)
	}
	if d.status != "available" {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidDBInstanceState", "Instance %s is not currently available: its status is %s.", d.name, d.status)
	}
	if err := r.free(r.here(c, in.DBSnapshotIdentifier)); err != nil {
		return nil, err
	}
	return &snapshotOutput{r.view(r.snap(d, in.DBSnapshotIdentifier, "manual", in.Tags), c.Caller.Account)}, nil
}

// find is a snapshot by its name or its ARN, which may be another account's.
func (r *RDS) find(c *core.Call, name string) (*snapshot, error) {
	at := r.here(c, name)
	if parts := strings.SplitN(name, ":", 7); len(parts) == 7 && parts[0] == "arn" {
		at = id{parts[4], parts[3], parts[6]}
	}
	s := r.snapshots[at]
	if s == nil || s.account != c.Caller.Account && !slices.Contains(s.shared, c.Caller.Account) && !slices.Contains(s.shared, "all") {
		return nil, snapshotNotFound(name)
	}
	return s, nil
}

type copySnapshotInput struct {
	SourceDBSnapshotIdentifier string `valid:"required"`
	TargetDBSnapshotIdentifier string `valid:"required,max=255,pattern=[a-zA-Z][a-zA-Z0-9-]*"`
	KmsKeyId                   string
	CopyTags                   bool
	PreSignedUrl               string
	Tags                       []tag
}

func (r *RDS) copySnapshot(c *core.Call, in *copySnapshotInput) (*snapshotOutput, error) {
	source, err := r.find(c, in.SourceDBSnapshotIdentifier)
	if err != nil {
		return nil, err
	}
	target := r.here(c, in.TargetDBSnapshotIdentifier)
	if err := r.free(target); err != nil {
		return nil, err
	}
	if source.status != "available" {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidDBSnapshotState", "The snapshot %s is not available: its status is %s.", source.name, source.status)
	}
	key, err := r.keyOfCopy(c, source, in.KmsKeyId)
	if err != nil {
		return nil, err
	}
	s := &snapshot{
		id: target, database: source.database, engine: source.engine, kind: "manual", key: key, storage: source.storage,
		instance: source.instance, source: r.arn(source.id, "snapshot"), tags: in.Tags,
	}
	if in.CopyTags && source.account == c.Caller.Account {
		s.tags = append(s.tags, source.tags...)
	}
	r.keep(s, copying)
	return &snapshotOutput{r.view(s, c.Caller.Account)}, nil
}

// keyOfCopy is the key that a copy is encrypted with. Of an encrypted snapshot of
// another account or region it has to be given, since keys stay where they are.
func (r *RDS) keyOfCopy(c *core.Call, source *snapshot, name string) (string, error) {
	if source.key != "" && !r.keys.May(c.Caller.Account, source.key, "CreateGrant") {
		return "", keyNotAccessible(source.key)
	}
	if source.key != "" && name == "" {
		if source.account != c.Caller.Account || source.region != c.Region {
			return "", core.Errorf(http.StatusBadRequest, "InvalidParameterCombination", "KmsKeyId is required: the encrypted snapshot %s is another account's or region's.", source.name)
		}
		return source.key, nil
	}
	if name == "" {
		return "", nil
	}
	key, ok := r.keys.Resolve(c.Caller.Account, c.Region, "rds", name)
	if !ok || !r.keys.May(c.Caller.Account, key, "CreateGrant") || !strings.Contains(key, ":"+c.Region+":") {
		return "", keyNotAccessible(name)
	}
	return key, nil
}

type describeSnapshotsInput struct {
	DBInstanceIdentifier string
	DBSnapshotIdentifier string
	SnapshotType         string
	MaxRecords           *int32 `valid:"min=20,max=100"`
	Marker               string
	IncludeShared        bool
	IncludePublic        bool
}

type describeSnapshotsOutput struct {
	DBSnapshots []snapshotView `item:"DBSnapshot"`
	Marker      string
}

func (r *RDS) describeSnapshots(c *core.Call, in *describeSnapshotsInput) (*describeSnapshotsOutput, error) {
	out := &describeSnapshotsOutput{DBSnapshots: []snapshotView{}}
	if in.DBSnapshotIdentifier != "" {
		s, err := r.find(c, in.DBSnapshotIdentifier)
		if err != nil {
			return nil, err
		}
		out.DBSnapshots = append(out.DBSnapshots, r.view(s, c.Caller.Account))
		return out, nil
	}
	var list []snapshotView
	for _, s := range r.snapshots {
		if s.region == c.Region && in.wants(s, c.Caller.Account) {
			list = append(list, r.view(s, c.Caller.Account))
		}
	}
	slices.SortFunc(list, func(a, b snapshotView) int { return cmp.Compare(a.DBSnapshotArn, b.DBSnapshotArn) })
	for _, v := range list {
		if v.DBSnapshotArn <= in.Marker {
			continue
		}
		if len(out.DBSnapshots) == pageSize(in.MaxRecords) {
			out.Marker = out.DBSnapshots[len(out.DBSnapshots)-1].DBSnapshotArn
			break
		}
		out.DBSnapshots = append(out.DBSnapshots, v)
	}
	return out, nil
}

// wants reports whether a snapshot is asked for: an account's own, and others' only
// by type or if they are to be included.
func (in *describeSnapshotsInput) wants(s *snapshot, account string) bool {
	if in.DBInstanceIdentifier != "" && s.database != in.DBInstanceIdentifier {
		return false
	}
	own := s.account == account
	shared := !own && slices.Contains(s.shared, account)
	public := !own && slices.Contains(s.shared, "all")
	switch in.SnapshotType {
	case "shared":
		return shared
	case "public":
		return public
	case "":
		return own || shared && in.IncludeShared || public && in.IncludePublic
	}
	return own && s.kind == in.SnapshotType
}

type snapshotInput struct {
	DBSnapshotIdentifier string `valid:"required"`
}

// own is a snapshot of the caller's.
func (r *RDS) own(c *core.Call, name string) (*snapshot, error) {
	s, err := r.find(c, name)
	if err == nil && s.account != c.Caller.Account {
		err = snapshotNotFound(name)
	}
	return s, err
}

func (r *RDS) deleteSnapshot(c *core.Call, in *snapshotInput) (*snapshotOutput, error) {
	s, err := r.own(c, in.DBSnapshotIdentifier)
	switch {
	case err != nil:
		return nil, err
	case s.kind != "manual":
		return nil, core.Errorf(http.StatusBadRequest, "InvalidDBSnapshotState", "The snapshot %s is automated and cannot be deleted by hand.", s.name)
	case s.status == "creating":
		return nil, core.Errorf(http.StatusBadRequest, "InvalidDBSnapshotState", "The snapshot %s is not available: its status is %s.", s.name, s.status)
	}
	delete(r.snapshots, s.id)
	v := r.view(s, c.Caller.Account)
	v.Status = "deleted"
	return &snapshotOutput{v}, nil
}

type snapshotAttribute struct {
	AttributeName   string
	AttributeValues []string `item:"AttributeValue"`
}

type attributesResult struct {
	DBSnapshotIdentifier string
	DBSnapshotAttributes []snapshotAttribute `item:"DBSnapshotAttribute"`
}

type attributesOutput struct{ DBSnapshotAttributesResult attributesResult }

func (s *snapshot) attributes() *attributesOutput {
	return &attributesOutput{attributesResult{s.name, []snapshotAttribute{{"restore", append([]string{}, s.shared...)}}}}
}

func (r *RDS) describeAttributes(c *core.Call, in *snapshotInput) (*attributesOutput, error) {
	s, err := r.own(c, in.DBSnapshotIdentifier)
	if err != nil {
		return nil, err
	}
	return s.attributes(), nil
}

type modifyAttributeInput struct {
	DBSnapshotIdentifier string `valid:"required"`
	AttributeName        string `valid:"required,enum=restore"`
	ValuesToAdd          []string
	ValuesToRemove       []string
}

func (r *RDS) modifyAttribute(c *core.Call, in *modifyAttributeInput) (*attributesOutput, error) {
	s, err := r.own(c, in.DBSnapshotIdentifier)
	switch {
	case err != nil:
		return nil, err
	case s.kind != "manual":
		return nil, core.Errorf(400, "InvalidDBSnapshotState", "Automated snapshots cannot be shared; copy %s to a manual one first.", s.name)
	case s.status != "available":
		return nil, core.Errorf(400, "InvalidDBSnapshotState", "The snapshot %s is not available: its status is %s.", s.name, s.status)
	case s.key != "" && !r.keys.Shared(s.key) && len(in.ValuesToAdd) > 0:
		return nil, core.Errorf(400, "InvalidDBSnapshotState", "The snapshot %s is encrypted with the default key of the service and cannot be shared.", s.name)
	case s.key != "" && slices.Contains(in.ValuesToAdd, "all"):
		return nil, core.Errorf(400, "InvalidParameterValue", "An encrypted snapshot cannot be public.")
	}
	for _, account := range in.ValuesToAdd {
		if !slices.Contains(s.shared, account) {
			s.shared = append(s.shared, account)
		}
	}
	s.shared = slices.DeleteFunc(s.shared, func(a string) bool { return slices.Contains(in.ValuesToRemove, a) })
	slices.Sort(s.shared)
	return s.attributes(), nil
}

type restoreInstanceInput struct {
	DBInstanceIdentifier string `valid:"required,max=63,pattern=[a-zA-Z][a-zA-Z0-9-]*"`
	DBSnapshotIdentifier string `valid:"required"`
	DBInstanceClass      string
	Tags                 []tag
}

func (r *RDS) restoreInstance(c *core.Call, in *restoreInstanceInput) (*instanceOutput, error) {
	s, err := r.find(c, in.DBSnapshotIdentifier)
	switch {
	case err != nil:
		return nil, err
	case s.region != c.Region:
		return nil, snapshotNotFound(in.DBSnapshotIdentifier)
	case s.status != "available":
		return nil, core.Errorf(http.StatusBadRequest, "InvalidDBSnapshotState", "The snapshot %s is not available: its status is %s.", s.name, s.status)
	case s.key != "" && !r.keys.May(c.Caller.Account, s.key, "CreateGrant"):
		return nil, keyNotAccessible(s.key)
	}
	return r.begin(&database{
		id: r.here(c, in.DBInstanceIdentifier), class: cmp.Or(in.DBInstanceClass, "db.t3.micro"), engine: s.engine, key: s.key, storage: s.storage, tags: in.Tags,
	})
}
