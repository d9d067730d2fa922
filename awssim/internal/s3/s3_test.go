package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const home = "eu-central-1"

// styles are the two ways to address a bucket.
var styles = map[string]func(*s3.Options){
	"virtual-host": func(*s3.Options) {},
	"path":         func(o *s3.Options) { o.UsePathStyle = true },
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bucket is a client and a bucket named state.
func bucket(t *testing.T, options ...func(*s3.Options)) (*awssim.AWS, *s3.Client) {
	t.Helper()
	a := sdktest.New(t)
	a.Lock()
	must(t, a.Objects().CreateBucket(sdktest.Management, home, "state"))
	a.Unlock()
	return a, s3.NewFromConfig(sdktest.Config(a, sdktest.Management, home), options...)
}

func put(t *testing.T, c *s3.Client, key, body string, change ...func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String("state"), Key: aws.String(key), Body: strings.NewReader(body)}
	for _, f := range change {
		f(in)
	}
	return c.PutObject(t.Context(), in)
}

func get(t *testing.T, c *s3.Client, key string) string {
	t.Helper()
	out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String(key)})
	must(t, err)
	body, err := io.ReadAll(out.Body) // the SDK compares the checksum as it reads
	must(t, err)
	return string(body)
}

func TestObjectsRoundTripInBothStyles(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			_, c := bucket(t, style)
			out, err := put(t, c, "runs/1/plan of it.json", "{}", func(in *s3.PutObjectInput) {
				in.ContentType, in.Metadata = aws.String("application/json"), map[string]string{"run": "1"}
			})
			must(t, err)
			if got := get(t, c, "runs/1/plan of it.json"); got != "{}" {
				t.Errorf("read back %q", got)
			}
			head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("state"), Key: aws.String("runs/1/plan of it.json")})
			must(t, err)
			if *head.ETag != *out.ETag || *head.ETag != `"99914b932bd37a50b983c5e7c90ae93b"` || *head.ContentLength != 2 ||
				*head.ContentType != "application/json" || head.Metadata["run"] != "1" || head.ContentEncoding != nil {
				t.Errorf("head has ETag %s, %d bytes, type %s, metadata %v, encoding %v", *head.ETag, *head.ContentLength, *head.ContentType, head.Metadata, head.ContentEncoding)
			}
		})
	}
}

func TestEveryChecksumIsCheckedAndGivenBack(t *testing.T) {
	for _, algorithm := range []types.ChecksumAlgorithm{
		types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256,
	} {
		t.Run(string(algorithm), func(t *testing.T) {
			_, c := bucket(t)
			_, err := put(t, c, "k", "body", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = algorithm })
			must(t, err)
			if got := get(t, c, "k"); got != "body" {
				t.Errorf("read back %q", got)
			}
			_, err = put(t, c, "k", "body", func(in *s3.PutObjectInput) { in.ChecksumCRC32 = aws.String("AAAAAA==") })
			sdktest.WantCode(t, err, "BadDigest")
		})
	}
}

func TestAStreamComesInChunksWithATrailer(t *testing.T) {
	a, c := bucket(t)
	body := strings.Repeat("0123456789", 20_000)
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("state"), Key: aws.String("stream"), Body: io.MultiReader(strings.NewReader(body)), ContentLength: aws.Int64(int64(len(body)))})
	must(t, err)
	a.Lock()
	defer a.Unlock()
	stored, err := a.Objects().Read("state", "stream")
	must(t, err)
	if string(stored) != body {
		t.Errorf("stored are %d bytes, want %d", len(stored), len(body))
	}
}

func TestABrokenChunkedBodyIsRefused(t *testing.T) {
	for _, body := range []string{"", "zz\r\n", "5\r\nab", "5\r\nabcde", "2\r\nabX", "ffffffff\r\nab\r\n0\r\n\r\n", "2\r\nab\r\n"} {
		a, _ := bucket(t)
		r, err := http.NewRequest("PUT", "https://state.s3.eu-central-1.amazonaws.com/k", strings.NewReader(body))
		must(t, err)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+sdktest.Management+"/20261120/"+home+"/s3/aws4_request, SignedHeaders=host, Signature=x")
		r.Header.Set("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		answer, err := a.Transport().RoundTrip(r)
		must(t, err)
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != 400 || !bytes.Contains(text, []byte("<Code>IncompleteBody</Code>")) {
			t.Errorf("body %q is answered with %d: %s", body, answer.StatusCode, text)
		}
	}
}

func TestConditionalWrites(t *testing.T) {
	none := func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
	match := func(etag *string) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) { in.IfMatch = etag }
	}
	_, c := bucket(t)
	_, err := put(t, c, "lease", "a", match(aws.String(`"nothing"`)))
	sdktest.WantCode(t, err, "NoSuchKey")
	first, err := put(t, c, "lease", "a", none)
	must(t, err)
	_, err = put(t, c, "lease", "b", none)
	sdktest.WantCode(t, err, "PreconditionFailed")
	if status(err) != http.StatusPreconditionFailed {
		t.Errorf("status is %d", status(err))
	}
	second, err := put(t, c, "lease", "b", match(first.ETag))
	must(t, err)
	_, err = put(t, c, "lease", "c", match(first.ETag))
	sdktest.WantCode(t, err, "PreconditionFailed")
	_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("state"), Key: aws.String("lease"), IfMatch: first.ETag})
	sdktest.WantCode(t, err, "PreconditionFailed")
	if got := get(t, c, "lease"); got != "b" {
		t.Errorf("the object is %q after refused writes", got)
	}
	_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("state"), Key: aws.String("lease"), IfMatch: second.ETag})
	must(t, err)
}

func TestConditionalReads(t *testing.T) {
	_, c := bucket(t)
	out, err := put(t, c, "k", "v")
	must(t, err)
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String("k"), IfNoneMatch: out.ETag})
	if status(err) != http.StatusNotModified {
		t.Errorf("If-None-Match of the same ETag is answered with %v", err)
	}
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String("k"), IfMatch: aws.String(`"other"`)})
	sdktest.WantCode(t, err, "PreconditionFailed")
}

func status(err error) int {
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

func TestRanges(t *testing.T) {
	_, c := bucket(t)
	_, err := put(t, c, "k", "0123456789")
	must(t, err)
	for header, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-3": "789", "bytes=5-99": "56789"} {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String("k"), Range: aws.String(header)})
		must(t, err)
		body, err := io.ReadAll(out.Body)
		must(t, err)
		if string(body) != want {
			t.Errorf("%s is %q (%s), want %q", header, body, aws.ToString(out.ContentRange), want)
		}
	}
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String("k"), Range: aws.String("bytes=10-")})
	sdktest.WantCode(t, err, "InvalidRange")
}

func TestListingPagesAndGroups(t *testing.T) {
	_, c := bucket(t)
	for i := range 5 {
		for _, prefix := range []string{"a/x/", "a/y/", "b+ä/"} {
			_, err := put(t, c, fmt.Sprintf("%s%d", prefix, i), "v")
			must(t, err)
		}
	}
	_, err := put(t, c, "a/top", "v")
	must(t, err)
	list := func(in *s3.ListObjectsV2Input) (keys, prefixes []string) {
		in.Bucket = aws.String("state")
		p := s3.NewListObjectsV2Paginator(c, in)
		for p.HasMorePages() {
			out, err := p.NextPage(t.Context())
			must(t, err)
			for _, o := range out.Contents {
				keys = append(keys, *o.Key)
			}
			for _, x := range out.CommonPrefixes {
				prefixes = append(prefixes, *x.Prefix)
			}
		}
		return keys, prefixes
	}
	keys, _ := list(&s3.ListObjectsV2Input{MaxKeys: aws.Int32(3), EncodingType: types.EncodingTypeUrl})
	if len(keys) != 16 {
		t.Errorf("pages of three hold %d keys, want 16: %v", len(keys), keys)
	}
	keys, prefixes := list(&s3.ListObjectsV2Input{MaxKeys: aws.Int32(1), Prefix: aws.String("a/"), Delimiter: aws.String("/")})
	if diff := cmp.Diff([]string{"a/top"}, keys); diff != "" {
		t.Errorf("keys differ (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a/x/", "a/y/"}, prefixes); diff != "" {
		t.Errorf("prefixes differ (-want +got):\n%s", diff)
	}
	keys, _ = list(&s3.ListObjectsV2Input{StartAfter: aws.String("a/y/3")})
	if diff := cmp.Diff([]string{"a/y/4", "b+ä/0", "b+ä/1", "b+ä/2", "b+ä/3", "b+ä/4"}, keys); diff != "" {
		t.Errorf("keys after a/y/3 differ (-want +got):\n%s", diff)
	}
}

func TestDeletingManyAtOnce(t *testing.T) {
	_, c := bucket(t)
	_, err := put(t, c, "k", "v")
	must(t, err)
	out, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("state"), Delete: &types.Delete{
		Objects: []types.ObjectIdentifier{{Key: aws.String("k")}, {Key: aws.String("absent")}}}})
	must(t, err)
	if len(out.Deleted) != 2 || len(out.Errors) != 0 {
		t.Errorf("deleted are %d with %d errors, want 2 with none: deleting what is absent succeeds", len(out.Deleted), len(out.Errors))
	}
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String("k")})
	var missing *types.NoSuchKey
	if !errors.As(err, &missing) {
		t.Errorf("reading a deleted object: %v, want NoSuchKey", err)
	}
}

func TestCopying(t *testing.T) {
	_, c := bucket(t)
	_, err := put(t, c, "from here", "v", func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"run": "1"} })
	must(t, err)
	copyTo := func(key string, change func(*s3.CopyObjectInput)) error {
		in := &s3.CopyObjectInput{Bucket: aws.String("state"), Key: aws.String(key), CopySource: aws.String("state/from%20here")}
		change(in)
		_, err := c.CopyObject(t.Context(), in)
		return err
	}
	must(t, copyTo("to", func(*s3.CopyObjectInput) {}))
	head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("state"), Key: aws.String("to")})
	must(t, err)
	if head.Metadata["run"] != "1" {
		t.Errorf("the copy's metadata is %v", head.Metadata)
	}
	sdktest.WantCode(t, copyTo("to", func(in *s3.CopyObjectInput) { in.CopySourceIfNoneMatch = head.ETag }), "PreconditionFailed")
	sdktest.WantCode(t, copyTo("from here", func(*s3.CopyObjectInput) {}), "InvalidRequest")
}

func TestMultipartUpload(t *testing.T) {
	_, c := bucket(t)
	made, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("state"), Key: aws.String("big"), ContentType: aws.String("text/plain")})
	must(t, err)
	large := strings.Repeat("x", 5<<20)
	var done types.CompletedMultipartUpload
	for i, body := range []string{large, "end"} {
		n := aws.Int32(int32(i + 1))
		part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String("state"), Key: aws.String("big"), UploadId: made.UploadId, PartNumber: n, Body: strings.NewReader(body)})
		must(t, err)
		done.Parts = append(done.Parts, types.CompletedPart{ETag: part.ETag, PartNumber: n})
	}
	out, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: aws.String("state"), Key: aws.String("big"), UploadId: made.UploadId, MultipartUpload: &done})
	must(t, err)
	if !strings.HasSuffix(*out.ETag, `-2"`) {
		t.Errorf("the ETag of two parts is %s", *out.ETag)
	}
	if got := get(t, c, "big"); got != large+"end" {
		t.Errorf("read back %d bytes", len(got))
	}
	_, err = c.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String("state"), Key: aws.String("big"), UploadId: made.UploadId})
	sdktest.WantCode(t, err, "NoSuchUpload")
}

func TestBuckets(t *testing.T) {
	a, c := bucket(t)
	make := func(name, region string) error {
		in := &s3.CreateBucketInput{Bucket: aws.String(name)}
		if region != "" {
			in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
		}
		_, err := c.CreateBucket(t.Context(), in)
		return err
	}
	must(t, make("reports", home))
	sdktest.WantCode(t, make("reports", home), "BucketAlreadyOwnedByYou")
	sdktest.WantCode(t, make("elsewhere", "eu-west-1"), "IllegalLocationConstraintException")
	sdktest.WantCode(t, make("nowhere", ""), "IllegalLocationConstraintException")
	list, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	must(t, err)
	if len(list.Buckets) != 2 {
		t.Errorf("%d buckets are listed", len(list.Buckets))
	}
	location, err := c.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: aws.String("reports")})
	must(t, err)
	if location.LocationConstraint != home {
		t.Errorf("the bucket is in %q", location.LocationConstraint)
	}
	_, err = put(t, c, "k", "v")
	must(t, err)
	_, err = c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("state")})
	sdktest.WantCode(t, err, "BucketNotEmpty")
	_, err = c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String("reports")})
	must(t, err)
	_, err = c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("reports")})
	if status(err) != http.StatusNotFound {
		t.Errorf("heading a deleted bucket: %v", err)
	}
	stranger := s3.NewFromConfig(sdktest.Config(a, "200000000001", home))
	_, err = stranger.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("state")})
	sdktest.WantCode(t, err, "AccessDenied")
	away := s3.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-west-1"))
	_, err = away.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("state")})
	sdktest.WantCode(t, err, "PermanentRedirect")
}

func TestWhatIsLackingIsNotImplemented(t *testing.T) {
	_, c := bucket(t)
	_, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: aws.String("state"), Key: aws.String("k")})
	sdktest.WantCode(t, err, "NotImplemented")
}

func TestNothingIsListedWhereNothingIsAskedFor(t *testing.T) {
	_, c := bucket(t)
	_, err := put(t, c, "k", "v")
	must(t, err)
	out, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("state"), MaxKeys: aws.Int32(0)})
	must(t, err)
	if len(out.Contents) != 0 || *out.IsTruncated {
		t.Errorf("a page of none has %d keys, truncated: %t", len(out.Contents), *out.IsTruncated)
	}
}

func TestExpiredAndAbsentCredentialsAreRefused(t *testing.T) {
	a, _ := bucket(t)
	role, err := sts.NewFromConfig(sdktest.Config(a, sdktest.Management, home)).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + sdktest.Management + ":role/Reader"), RoleSessionName: aws.String("reader"), DurationSeconds: aws.Int32(900)})
	must(t, err)
	config := sdktest.Config(a, "", home)
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *role.Credentials.AccessKeyId, SecretAccessKey: "secret", SessionToken: *role.Credentials.SessionToken}, nil
	})
	list := func() error {
		_, err := s3.NewFromConfig(config).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("state")})
		return err
	}
	must(t, list())
	a.Advance(time.Hour)
	sdktest.WantCode(t, list(), "ExpiredToken")
	config.Credentials = aws.AnonymousCredentials{}
	if err := list(); status(err) != http.StatusForbidden {
		t.Errorf("a request without credentials is answered with %v", err)
	}
}
