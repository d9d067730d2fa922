// Package sdktest gives tests of the embedded AWS's services the configuration
// with which the real SDK clients reach it, in process.
package sdktest

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/awssim"
)

// Management is the account that tests make their organization in.
const Management = "111122223333"

// New makes an AWS without request rates.
func New(t testing.TB) *awssim.AWS {
	t.Helper()
	a, err := awssim.New(awssim.Options{Seed: 1, Account: Management, Unthrottled: true})
	if err != nil {
		t.Fatalf("making an AWS: %v", err)
	}
	return a
}

// Config acts as an account in a region. The SDK does not retry: a test wants to
// see the first answer.
func Config(a *awssim.AWS, account, region string) aws.Config {
	return aws.Config{
		Region:     region,
		HTTPClient: &http.Client{Transport: a.Transport()},
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: account, SecretAccessKey: "secret"}, nil
		}),
	}
}

// WantCode fails the test unless err is an AWS error with the code.
func WantCode(t testing.TB, err error, code string) {
	t.Helper()
	var failure smithy.APIError
	if !errors.As(err, &failure) {
		t.Fatalf("error is %v, want AWS's %s", err, code)
	}
	if failure.ErrorCode() != code {
		t.Fatalf("error is %s (%s), want %s", failure.ErrorCode(), failure.ErrorMessage(), code)
	}
}
