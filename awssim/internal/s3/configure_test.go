package s3_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func TestABucketGivesBackItsConfiguration(t *testing.T) {
	_, c := bucket(t)
	name := aws.String("state")
	block, err := c.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: name})
	must(t, err)
	if !*block.PublicAccessBlockConfiguration.BlockPublicAcls {
		t.Error("a new bucket does not block public access")
	}
	_, err = c.DeletePublicAccessBlock(t.Context(), &s3.DeletePublicAccessBlockInput{Bucket: name})
	must(t, err)
	_, err = c.GetPublicAccessBlock(t.Context(), &s3.GetPublicAccessBlockInput{Bucket: name})
	sdktest.WantCode(t, err, "NoSuchPublicAccessBlockConfiguration")

	_, err = c.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: name})
	sdktest.WantCode(t, err, "NoSuchTagSet")
	_, err = c.PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: name, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}}}})
	must(t, err)
	tags, err := c.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: name})
	must(t, err)
	if len(tags.TagSet) != 1 || *tags.TagSet[0].Key != "team" {
		t.Errorf("tags %v", tags.TagSet)
	}

	encryption, err := c.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: name})
	must(t, err)
	if got := encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm; got != types.ServerSideEncryptionAes256 {
		t.Errorf("by default it is encrypted with %s", got)
	}
	_, err = c.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{Bucket: name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
		BucketKeyEnabled: aws.Bool(true), ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String("k")}}}}})
	must(t, err)
	encryption, err = c.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: name})
	must(t, err)
	if r := encryption.ServerSideEncryptionConfiguration.Rules[0]; !*r.BucketKeyEnabled || *r.ApplyServerSideEncryptionByDefault.KMSMasterKeyID != "k" {
		t.Errorf("%+v", r)
	}

	_, err = c.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
	sdktest.WantCode(t, err, "NoSuchLifecycleConfiguration")
	_, err = c.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
		ID: aws.String("old"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("x/")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(7)}}}}})
	must(t, err)
	lifecycle, err := c.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
	must(t, err)
	if len(lifecycle.Rules) != 1 || *lifecycle.Rules[0].Expiration.Days != 7 {
		t.Errorf("%+v", lifecycle.Rules)
	}
	acl, err := c.GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: name})
	must(t, err)
	if len(acl.Grants) != 1 || acl.Grants[0].Permission != types.PermissionFullControl {
		t.Errorf("%+v", acl.Grants)
	}
}

func TestAVersionedBucketKeepsWhatIsOverwrittenAndDeleted(t *testing.T) {
	_, c := bucket(t)
	name, key := aws.String("state"), aws.String("k")
	before, err := put(t, c, "k", "zero")
	must(t, err)
	if before.VersionId != nil {
		t.Error("an object of a bucket without versioning has a version")
	}
	_, err = c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	must(t, err)
	first, err := put(t, c, "k", "one")
	must(t, err)
	_, err = put(t, c, "k", "two")
	must(t, err)
	gone, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: name, Key: key})
	must(t, err)
	if !aws.ToBool(gone.DeleteMarker) || gone.VersionId == nil {
		t.Error("deleting made no delete marker")
	}
	_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: name, Key: key})
	if status(err) != http.StatusNotFound {
		t.Errorf("a deleted object answers %v", err)
	}
	read := func(version *string) string {
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: name, Key: key, VersionId: version})
		must(t, err)
		text, err := io.ReadAll(out.Body)
		must(t, err)
		return string(text)
	}
	if got := read(first.VersionId) + read(aws.String("null")); got != "onezero" {
		t.Errorf("versions are %s", got)
	}
	list, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: name})
	must(t, err)
	if len(list.Versions) != 3 || len(list.DeleteMarkers) != 1 || !*list.DeleteMarkers[0].IsLatest {
		t.Errorf("%d versions, %d markers", len(list.Versions), len(list.DeleteMarkers))
	}
	page, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: name, MaxKeys: aws.Int32(2)})
	must(t, err)
	rest, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: name, KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker})
	must(t, err)
	if n := len(page.Versions) + len(page.DeleteMarkers) + len(rest.Versions) + len(rest.DeleteMarkers); !*page.IsTruncated || n != 4 {
		t.Errorf("two pages have %d entries", n)
	}
	_, err = c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: name})
	sdktest.WantCode(t, err, "BucketNotEmpty")
	_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: name, Key: key, VersionId: gone.VersionId})
	must(t, err)
	if got := read(nil); got != "two" {
		t.Errorf("without the delete marker it is %s", got)
	}
}
