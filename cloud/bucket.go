package cloud

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Bucket is an S3 bucket as a store of small objects with compare-and-swap. S3's
// reads and lists see every write that was acknowledged before.
type Bucket struct {
	aws  *AWS
	name string
	s3   *s3.Client
}

// Bucket is the bucket of that name, in the home region.
func (a *AWS) Bucket(name string) *Bucket {
	client := s3.NewFromConfig(a.sdk, func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, a.count)
		// Other endpoints than AWS's rarely have a host name for each bucket.
		o.UsePathStyle = a.sdk.BaseEndpoint != nil
		// The signature covers the body; checksums on top would have it sent in
		// chunks, which not every endpoint reads.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	return &Bucket{a, name, client}
}

// on makes a request of an action on an object of the bucket.
func (b *Bucket) on(x action, key string) request { return x.on("s3://%s/%s", b.name, key) }

// Get reads an object and its ETag; nil, "" and no error if there is none.
func (b *Bucket) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	got, err := call(ctx, b.aws, b.on(getObject, key), b.read, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if codeOf(err) == "NoSuchKey" {
		return nil, "", nil
	}
	return got.body, got.etag, err
}

// object is an object's contents.
type object struct {
	body []byte
	etag string
}

// read is GetObject to the end of the body, so that a connection that breaks on
// the way there is a lost answer like any other.
func (b *Bucket) read(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (object, error) {
	out, err := b.s3.GetObject(ctx, in, options...)
	if err != nil {
		return object{}, err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return object{body, aws.ToString(out.ETag)}, err
}

// Put stores an object if the one there still has this ETag, or, with "", if
// there is none. ok is false if it was not so, or if another request came
// between. After an error of kind UnknownOutcome it may be stored or not.
func (b *Bucket) Put(ctx context.Context, key string, body []byte, etag string) (newETag string, ok bool, err error) {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(body), IfMatch: optional(etag)}
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	}
	out, err := call(ctx, b.aws, b.on(putObject, key), b.s3.PutObject, in)
	switch codeOf(err) {
	case "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey":
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return aws.ToString(out.ETag), true, nil
}

// Upload stores an object, whatever is there, with the type that it is served as and
// how long caches may keep it ("" says nothing of that).
func (b *Bucket) Upload(ctx context.Context, key string, body []byte, contentType, cacheControl string) error {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(body), ContentType: optional(contentType), CacheControl: optional(cacheControl)}
	_, err := call(ctx, b.aws, b.on(putObject.idempotent(), key), b.s3.PutObject, in)
	return err
}

// Delete removes an object; that it is not there is fine.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	_, err := call(ctx, b.aws, b.on(deleteObject, key), b.s3.DeleteObject, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
	return err
}

// DeleteIfMatch removes an object if the one there still has this ETag. One that is
// not there, or has another, is left as it is, which is no error.
func (b *Bucket) DeleteIfMatch(ctx context.Context, key, etag string) error {
	_, err := call(ctx, b.aws, b.on(deleteObject, key), b.s3.DeleteObject, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key, IfMatch: &etag})
	switch codeOf(err) {
	case "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey":
		return nil
	}
	return err
}

// Empty deletes every object, with all its versions. A bucket that is not there is empty.
func (b *Bucket) Empty(ctx context.Context) error {
	for {
		out, err := call(ctx, b.aws, b.on(listVersions, ""), b.s3.ListObjectVersions, &s3.ListObjectVersionsInput{Bucket: &b.name})
		if codeOf(err) == "NoSuchBucket" {
			return nil
		}
		if err != nil {
			return err
		}
		if len(out.Versions)+len(out.DeleteMarkers) == 0 {
			return nil
		}
		for _, v := range out.Versions {
			if err := b.deleteVersion(ctx, aws.ToString(v.Key), v.VersionId); err != nil {
				return err
			}
		}
		for _, m := range out.DeleteMarkers {
			if err := b.deleteVersion(ctx, aws.ToString(m.Key), m.VersionId); err != nil {
				return err
			}
		}
	}
}

func (b *Bucket) deleteVersion(ctx context.Context, key string, version *string) error {
	_, err := call(ctx, b.aws, b.on(deleteObject, key), b.s3.DeleteObject, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key, VersionId: version})
	return err
}

// ObjectURL returns the address of an object, as CloudFormation's TemplateURL takes it.
func (a *AWS) ObjectURL(bucket, key string) string {
	if a.sdk.BaseEndpoint != nil {
		return strings.TrimSuffix(*a.sdk.BaseEndpoint, "/") + "/" + bucket + "/" + key
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(a.sdk.Region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://" + bucket + ".s3." + a.sdk.Region + "." + domain + "/" + key
}

// List tells the keys that start with prefix and come after the given one, in
// the order of their bytes, limit (1 to 1,000) at most, with their sizes in
// bytes. Fewer than limit means that there are no more.
func (b *Bucket) List(ctx context.Context, prefix, after string, limit int) (keys []string, sizes []int64, err error) {
	var token *string
	for len(keys) < limit {
		out, err := call(ctx, b.aws, b.on(listObjects, prefix), b.s3.ListObjectsV2, &s3.ListObjectsV2Input{
			Bucket: &b.name, Prefix: optional(prefix), StartAfter: optional(after),
			ContinuationToken: token, MaxKeys: aws.Int32(int32(min(limit-len(keys), 1000))),
		})
		if err != nil {
			return nil, nil, err
		}
		for _, object := range out.Contents {
			keys = append(keys, aws.ToString(object.Key))
			sizes = append(sizes, aws.ToInt64(object.Size))
		}
		if token = out.NextContinuationToken; !aws.ToBool(out.IsTruncated) || token == nil {
			break
		}
	}
	return keys, sizes, nil
}
