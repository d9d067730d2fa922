package s3

import (
	"net/http"
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Store is S3 in one partition: bucket names are unique across accounts.
type Store struct {
	world   *core.World
	buckets map[string]*bucket
}

type bucket struct {
	name, owner, region string
	created             time.Time
	policy              string
	keys                []string // sorted
	objects             map[string]*object
	uploads             map[string]*upload
}

// object is immutable once stored: a write puts a new one in its place.
type object struct {
	body     []byte
	etag     string // with its quotes
	modified time.Time
	headers  http.Header // Content-Type and the like, x-amz-meta-*
	checksum checksum
}

// New makes the service.
func New(w *core.World) *Store { return &Store{world: w, buckets: map[string]*bucket{}} }

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
	switch b := s.buckets[name]; {
	case b == nil && !bucketName.MatchString(name):
		return errInvalidBucketName(name)
	case b == nil:
		s.buckets[name] = s.newBucket(account, region, name)
	case b.owner != account:
		return errBucketExists(name)
	}
	return nil
}

func (s *Store) newBucket(account, region, name string) *bucket {
	return &bucket{
		name: name, owner: account, region: region, created: s.world.Now(),
		objects: map[string]*object{}, uploads: map[string]*upload{},
	}
}

// Put stores an object, for filling a world.
func (s *Store) Put(bucket, key string, body []byte) error {
	b := s.buckets[bucket]
	if b == nil {
		return errNoBucket(bucket)
	}
	b.put(key, s.newObject(body, http.Header{}, defaultChecksum(body)))
	return nil
}

// Read is an object's body, for services that take their input from S3.
func (s *Store) Read(bucket, key string) ([]byte, error) {
	b := s.buckets[bucket]
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

func (b *bucket) put(key string, o *object) {
	if b.objects[key] == nil {
		i, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Insert(b.keys, i, key)
	}
	b.objects[key] = o
}

func (b *bucket) remove(key string) {
	if b.objects[key] == nil {
		return
	}
	i, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, i, i+1)
	delete(b.objects, key)
}
