package s3

import (
	"encoding/json"
	"reflect"

	"github.com/setmend/setmend/awssim/internal/core"
)

// The resource types behind the service.
const (
	bucketType = "AWS::S3::Bucket"
	policyType = "AWS::S3::BucketPolicy"
)

// takeBucket makes a bucket of a live resource, or brings it up to date.
func (s *Store) takeBucket(l core.Live, known *bucket) *bucket {
	b := known
	if b == nil {
		b = &bucket{name: l.Identifier, owner: l.Account, region: l.Region, created: l.Made,
			objects: map[string]*object{}, uploads: map[string]*upload{}, own: map[string][]byte{}, dropped: map[string]bool{}}
	}
	b.live = l
	s.where[b.name] = [2]string{l.Account, l.Region}
	return b
}

// livePolicy is a live bucket policy.
type livePolicy struct {
	bucket   string
	document any
	text     string // as it was put, "" if it was not put through S3
	live     core.Live
}

func takeBucketPolicy(l core.Live, known *livePolicy) *livePolicy {
	p := &livePolicy{document: l.Properties["PolicyDocument"], live: l}
	p.bucket, _ = l.Properties["Bucket"].(string)
	if known != nil && reflect.DeepEqual(known.document, p.document) {
		p.text = known.text
	}
	return p
}

// shown is the policy's text.
func (p *livePolicy) shown() string {
	if p.text != "" {
		return p.text
	}
	if s, ok := p.document.(string); ok {
		return s
	}
	text, err := json.Marshal(p.document)
	if err != nil { // properties come out of JSON
		return "{}"
	}
	return string(text)
}

// find finds a bucket wherever it is: where it was last seen, where its name is
// taken, or in any region of an account that is asked for it.
func (s *Store) find(name, account string) *bucket {
	try := func(account, region string) *bucket {
		b, _ := s.live.Get(account, region, name)
		return b
	}
	if at, seen := s.where[name]; seen {
		if b := try(at[0], at[1]); b != nil {
			return b
		}
		delete(s.where, name)
	}
	if holder, region, taken := s.store.Holder(bucketType, name); taken {
		return try(holder, region)
	}
	if account == "" {
		return nil
	}
	for _, region := range s.store.Regions(account) {
		if b := try(account, region); b != nil {
			return b
		}
	}
	return nil
}

// policyOf finds a bucket's policy, nil if it has none.
func (s *Store) policyOf(b *bucket) *livePolicy {
	at := s.policies.At(b.owner, b.region)
	for _, id := range sortedKeys(at) {
		if at[id].bucket == b.name {
			return at[id]
		}
	}
	return nil
}

// change sets a property of a bucket; nil takes it away.
func (s *Store) change(b *bucket, property string, value any) error {
	properties := map[string]any{}
	for k, v := range b.live.Properties {
		properties[k] = v
	}
	if properties[property] = value; value == nil {
		delete(properties, property)
	}
	_, err := s.live.Change(b.live, properties)
	return err
}

// Undeletable says why S3 refuses to delete a live bucket: it is not empty. It is
// "" for other resources and for buckets that can be deleted.
func (s *Store) Undeletable(l core.Live) string {
	if l.Type != bucketType {
		return ""
	}
	b, _ := s.live.Get(l.Account, l.Region, l.ID)
	if b == nil || b.empty() {
		return ""
	}
	id := s.world.UUID()
	return `Resource handler returned message: "` + b.notEmpty() + ` (Service: S3, Status Code: 409, Request ID: ` + id + `, Extended Request ID: ` + hostID + `)" (RequestToken: ` + id + `, HandlerErrorCode: GeneralServiceException)`
}

// empty reports whether the bucket can be deleted.
func (b *bucket) empty() bool { return len(b.keys) == 0 && len(b.history) == 0 }

// notEmpty is S3's refusal to delete the bucket.
func (b *bucket) notEmpty() string {
	if b.versioned() {
		return "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
	}
	return "The bucket you tried to delete is not empty"
}

// versioned reports whether versioning is, or was, on.
func (b *bucket) versioned() bool { return b.versioningStatus() != "" }

func (b *bucket) versioningStatus() string {
	c, _ := b.live.Properties["VersioningConfiguration"].(map[string]any)
	status, _ := c["Status"].(string)
	return status
}
