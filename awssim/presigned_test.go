package awssim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// What `aws s3 presign` prints can be fetched and stored to without credentials, until
// it expires.
func TestPresignedURLsAreGoodUntilTheyExpire(t *testing.T) {
	a, err := New(Options{Account: managementAccount})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a)
	defer server.Close()
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(managementAccount, "secret", ""),
	})
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("presigned")}); err != nil {
		t.Fatal(err)
	}
	signer := s3.NewPresignClient(client)
	put, err := signer.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("presigned"), Key: aws.String("a")}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, http.MethodPut, put.URL, "hello"); status != http.StatusOK {
		t.Fatalf("putting: %d %s", status, body)
	}
	get, err := signer.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("presigned"), Key: aws.String("a")}, s3.WithPresignExpires(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, http.MethodGet, get.URL, ""); status != http.StatusOK || body != "hello" {
		t.Errorf("getting: %d %s", status, body)
	}
	old := strings.Replace(get.URL, "X-Amz-Date=20", "X-Amz-Date=19", 1)
	if status, body := fetch(t, http.MethodGet, old, ""); status != http.StatusForbidden || !strings.Contains(body, "Request has expired") {
		t.Errorf("getting a century late: %d %s", status, body)
	}
	for query, want := range map[string]int{
		"AWSAccessKeyId=" + managementAccount + "&Signature=x&Expires=4102444800": http.StatusOK,
		"AWSAccessKeyId=" + managementAccount + "&Signature=x&Expires=1":          http.StatusForbidden,
		"X-Amz-Credential=k/20261120/us-east-1/s3/aws4_request":                   http.StatusBadRequest,
		"": http.StatusForbidden,
	} {
		if status, body := fetch(t, http.MethodGet, server.URL+"/presigned/a?"+query, ""); status != want {
			t.Errorf("getting with %q: %d %s", query, status, body)
		}
	}
}

func fetch(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
