package s3

import (
	"errors"
	"net/http"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Store is S3 in one partition: bucket names are unique across accounts. Buckets are
// a view on the live ones; the objects in them are kept here.
type Store struct {
	world    *core.World
	store    core.LiveStore
	live     *core.Mirror[bucket]
	policies *core.Mirror[livePolicy]
	where    map[string][2]string // account and region of buckets seen, by name
}

type bucket struct {
	name, owner, region string
	created             time.Time
	live                core.Live
	// own are configurations that are none of the resource's properties, by
	// subresource, as they were put; dropped are those that were deleted though S3
	// has them by default.
	own     map[string][]byte
	dropped map[string]bool
	keys    []string // sorted
	objects map[string]*object
	history map[string][]*object // versions that are not current, newest first
	uploads map[string]*upload
}

// object is immutable once stored, but for its version: a write puts a new one in
// its place.
type object struct {
	body     []byte
	etag     string // with its quotes
	modified time.Time
	headers  http.Header // Content-Type and the like, x-amz-meta-*
	checksum checksum
	version  string // "" is the null version
	marker   bool   // a delete marker
}

// New makes the service as a view on live buckets.
func New(w *core.World, store core.LiveStore) *Store {
	s := &Store{world: w, store: store, where: map[string][2]string{}}
	s.live = core.NewMirror(store, bucketType, s.takeBucket)
	s.policies = core.NewMirror(store, policyType, takeBucketPolicy)
	return s
}

// Service is the API. S3 reads its requests itself.
func (s *Store) Service() core.Service {
	return core.Service{
		Name:      "s3",
		Protocols: []core.Protocol{core.RESTXML},
		Raw:       s.serve,
	}
}

// CreateBucket makes a bucket, for filling a world. It does nothing if the
// account has the bucket already.
func (s *Store) CreateBucket(account, region, name string) error {
	switch b := s.find(name, account); {
	case b == nil && !bucketName().MatchString(name):
		return errInvalidBucketName(name)
	case b == nil:
		return s.makeBucket(account, region, name)
	case b.owner != account:
		return errBucketExists(name)
	}
	return nil
}

func (s *Store) makeBucket(account, region, name string) error {
	_, _, err := s.live.Make(account, region, map[string]any{"BucketName": name})
	var taken *core.ExistsError
	if errors.As(err, &taken) {
		return errBucketExists(name)
	}
	return err
}

// Put stores an object, for filling a world.
func (s *Store) Put(bucket, key string, body []byte) error {
	b := s.find(bucket, "")
	if b == nil {
		return errNoBucket(bucket)
	}
	b.put(s, key, s.newObject(body, http.Header{}, defaultChecksum(body)))
	return nil
}

// Read is an object's body, for services that take their input from S3.
func (s *Store) Read(bucket, key string) ([]byte, error) {
	b := s.find(bucket, "")
	if b == nil {
		return nil, errNoBucket(bucket)
	}
	o := b.objects[key]
	if o == nil {
		return nil, errNoKey(key)
	}
	return o.body, nil
}

func (s *Store) newObject(body []byte, headers http.Header, sum checksum) *object {
	return &object{
		body:     body,
		etag:     etagOf(body),
		modified: s.world.Now().UTC().Truncate(time.Second),
		headers:  headers,
		checksum: sum,
	}
}
