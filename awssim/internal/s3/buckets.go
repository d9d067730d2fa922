package s3

import (
	"encoding/xml"
	"net/http"
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
	for _, name := range sortedKeys(q.store.buckets) {
		if b := q.store.buckets[name]; b.owner == q.call.Caller.Account {
			out.Buckets = append(out.Buckets, bucketEntry{name, iso(b.created), b.region})
		}
	}
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
	switch b := q.store.buckets[name]; {
	case !bucketName.MatchString(name):
		return errInvalidBucketName(name)
	case b != nil && b.owner != q.call.Caller.Account:
		return errBucketExists(name)
	case b != nil && b.region != "us-east-1": // us-east-1 answers 200 for historical reasons
		return with(core.Errorf(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it."), "BucketName", name)
	case b == nil:
		q.store.buckets[name] = q.store.newBucket(q.call.Caller.Account, region, name)
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
	if len(q.bucket.keys) > 0 {
		return with(core.Errorf(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty"), "BucketName", q.bucket.name)
	}
	delete(q.store.buckets, q.bucket.name)
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

type versioningConfiguration struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
}

func (q *request) getVersioning() error {
	q.answer(http.StatusOK, versioningConfiguration{})
	return nil
}

func (q *request) getPolicy() error {
	if q.bucket.policy == "" {
		return with(core.Errorf(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist"), "BucketName", q.bucket.name)
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusOK)
	q.w.Write([]byte(q.bucket.policy))
	return nil
}

func (q *request) putPolicy() error {
	q.bucket.policy = string(q.body)
	q.answer(http.StatusNoContent, nil)
	return nil
}

func (q *request) deletePolicy() error {
	q.bucket.policy = ""
	q.answer(http.StatusNoContent, nil)
	return nil
}
