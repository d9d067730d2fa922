package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// Objects is S3 as item readers and result writers see it.
type Objects struct{ aws *cloud.AWS }

// Objects is the S3 of the connection.
func (b *Bound) Objects() *Objects { return &Objects{b.aws} }

// Get opens an object; the caller closes it.
func (o *Objects) Get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	out, err := cloud.Send(ctx, o.aws, mustOperation("s3", "getObject").action, object(bucket, key),
		pathStyleS3(o.aws.SDK()).GetObject, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}

// Put writes an object, in place of one that is there.
func (o *Objects) Put(ctx context.Context, bucket, key string, content []byte) error {
	_, err := cloud.Send(ctx, o.aws, mustOperation("s3", "putObject").action, object(bucket, key),
		pathStyleS3(o.aws.SDK()).PutObject,
		&s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(content)})
	return err
}

// List gives the objects whose keys begin with prefix, in the order of their
// keys, as Step Functions shows them to a Map's items.
func (o *Objects) List(ctx context.Context, bucket, prefix string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix)}
		for {
			out, err := cloud.Send(ctx, o.aws, mustOperation("s3", "listObjectsV2").action, object(bucket, prefix),
				pathStyleS3(o.aws.SDK()).ListObjectsV2, in)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, content := range out.Contents {
				if !yield(compact(listed(content)), nil) {
					return
				}
			}
			if in.ContinuationToken = out.NextContinuationToken; in.ContinuationToken == nil {
				return
			}
		}
	}
}

// listed is an object in a list. Here, unlike elsewhere, Step Functions gives the
// time in seconds since 1970.
func listed(o types.Object) *wire.Object {
	modified := strconv.FormatFloat(float64(aws.ToTime(o.LastModified).UnixMilli())/1000, 'f', -1, 64)
	out := objectOf("Etag", aws.ToString(o.ETag), "Key", aws.ToString(o.Key), "LastModified", json.Number(modified),
		"Size", json.Number(strconv.FormatInt(aws.ToInt64(o.Size), 10)))
	if o.StorageClass != "" {
		out.Set("StorageClass", string(o.StorageClass))
	}
	return out
}

// pathStyleS3 reaches buckets at other endpoints than AWS's, which rarely have a
// host name for each bucket.
func pathStyleS3(sdk aws.Config) *s3.Client {
	return s3.NewFromConfig(sdk, func(o *s3.Options) {
		o.UsePathStyle = sdk.BaseEndpoint != nil
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

func object(bucket, key string) string {
	return "s3://" + strings.Join([]string{bucket, key}, "/")
}
