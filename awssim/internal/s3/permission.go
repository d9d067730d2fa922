package s3

import (
	"net/http"

	"github.com/setmend/setmend/awssim/internal/property"
)

// Target is what a request is about: the bucket, the key, and the operation's name,
// "" for one that S3 refuses.
func (s *Store) Target(r *http.Request) (bucket, key, operation string) {
	q := &request{store: s, r: r, query: r.URL.Query(), at: addressOf(r)}
	found, err := q.route()
	if err == nil {
		operation = operations[found].name
	}
	return q.at.bucket, q.at.key, operation
}

// Policy is a bucket's policy as a document, "" if it has none.
func (s *Store) Policy(bucket string) string {
	if b := s.find(bucket, ""); b != nil {
		if p := s.policyOf(b); p != nil {
			return property.JSON(p.document)
		}
	}
	return ""
}

// Owner is the account that a bucket belongs to, "" if there is none.
func (s *Store) Owner(bucket string) string {
	if b := s.find(bucket, ""); b != nil {
		return b.owner
	}
	return ""
}
