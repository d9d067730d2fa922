package s3

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

const isoMillis = "2006-01-02T15:04:05.000Z"

func iso(t time.Time) string { return t.UTC().Format(isoMillis) }

type owner struct{ ID, DisplayName string }

type bucketEntry struct {
	Name, CreationDate, BucketRegion string
}

type listBucketsResult struct {
	XMLName xml.Name      `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
	Buckets []bucketEntry `xml:"Buckets>Bucket"`
	Owner   owner
}

func (q *request) listBuckets() error {
	out := listBucketsResult{Owner: owner{ID: q.call.Caller.Account}}
	for _, region := range q.store.store.Regions(q.call.Caller.Account) {
		for name, b := range q.store.live.At(q.call.Caller.Account, region) {
			out.Buckets = append(out.Buckets, bucketEntry{name, iso(b.created), b.region})
		}
	}
	slices.SortFunc(out.Buckets, func(a, b bucketEntry) int { return strings.Compare(a.Name, b.Name) })
	q.answer(http.StatusOK, out)
	return nil
}

type createBucketConfiguration struct{ LocationConstraint string }

func (q *request) createBucket() error {
	region, err := q.location()
	if err != nil {
		return err
	}
	name := q.at.bucket
	switch b := q.store.find(name, q.call.Caller.Account); {
	case !bucketName().MatchString(name):
		return errInvalidBucketName(name)
	case b != nil && b.owner != q.call.Caller.Account:
		return errBucketExists(name)
	case b != nil && b.region != "us-east-1": // us-east-1 answers 200 for historical reasons
		return with(core.Errorf(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it."), "BucketName", name)
	case b == nil:
		if err := q.store.makeBucket(q.call.Caller.Account, region, name); err != nil {
			return err
		}
	}
	q.w.Header().Set("Location", "/"+name)
	q.answer(http.StatusOK, nil)
	return nil
}

// location is where the bucket is to be. Outside us-east-1 the request has to say
// so, and it cannot name another region than the endpoint's.
func (q *request) location() (string, error) {
	var in createBucketConfiguration
	if len(q.body) > 0 && xml.Unmarshal(q.body, &in) != nil {
		return "", errMalformedXML()
	}
	want := in.LocationConstraint
	if want == "EU" {
		want = "eu-west-1"
	}
	switch region := q.call.Region; {
	case want == region && want != "us-east-1", want == "" && region == "us-east-1":
		return region, nil
	case want == "us-east-1":
		return "", core.Errorf(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	default:
		if want == "" {
			want = "unspecified"
		}
		return "", core.Errorf(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", want)
	}
}

func (q *request) headBucket() error {
	q.w.Header().Set("x-amz-bucket-region", q.bucket.region)
	q.answer(http.StatusOK, nil)
	return nil
}

func (q *request) deleteBucket() error {
	if !q.bucket.empty() {
		return with(core.Errorf(http.StatusConflict, "BucketNotEmpty", "%s", q.bucket.notEmpty()), "BucketName", q.bucket.name)
	}
	if p := q.store.policyOf(q.bucket); p != nil {
		if err := q.store.policies.Delete(p.live); err != nil {
			return err
		}
	}
	if err := q.store.live.Delete(q.bucket.live); err != nil {
		return err
	}
	q.answer(http.StatusNoContent, nil)
	return nil
}

type locationConstraint struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
	Region  string   `xml:",chardata"`
}

func (q *request) getLocation() error {
	out := locationConstraint{Region: q.bucket.region}
	if out.Region == "us-east-1" {
		out.Region = "" // as S3 has it
	}
	q.answer(http.StatusOK, out)
	return nil
}

func (q *request) getPolicy() error {
	p := q.store.policyOf(q.bucket)
	if p == nil {
		return with(core.Errorf(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist"), "BucketName", q.bucket.name)
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusOK)
	q.w.Write([]byte(p.shown()))
	return nil
}

func (q *request) putPolicy() error {
	var document map[string]any
	if err := json.Unmarshal(q.body, &document); err != nil || document["Statement"] == nil {
		return core.Errorf(http.StatusBadRequest, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
	}
	properties := map[string]any{"Bucket": q.bucket.name, "PolicyDocument": document}
	p := q.store.policyOf(q.bucket)
	var err error
	if p == nil {
		p, _, err = q.store.policies.Make(q.bucket.owner, q.bucket.region, properties)
	} else {
		p, err = q.store.policies.Change(p.live, properties)
	}
	if err != nil {
		return err
	}
	p.text = string(q.body)
	q.answer(http.StatusNoContent, nil)
	return nil
}

func (q *request) deletePolicy() error {
	if p := q.store.policyOf(q.bucket); p != nil {
		if err := q.store.policies.Delete(p.live); err != nil {
			return err
		}
	}
	q.answer(http.StatusNoContent, nil)
	return nil
}
