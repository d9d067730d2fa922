package sts_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const team = "200000000001"

func world(t *testing.T) *awssim.AWS {
	t.Helper()
	a := sdktest.New(t)
	a.Lock()
	defer a.Unlock()
	must(t, a.Organization().Create(sdktest.Management, "Management"))
	must(t, a.Organization().AddAccount(awssim.Account{ID: team, Name: "team"}))
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func assume(t *testing.T, a *awssim.AWS, role string, seconds int32) (*sts.AssumeRoleOutput, error) {
	t.Helper()
	return sts.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1")).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + team + ":role/" + role), RoleSessionName: aws.String("setmend"), DurationSeconds: aws.Int32(seconds),
	})
}

// as is a client with the credentials that were handed out.
func as(a *awssim.AWS, out *sts.AssumeRoleOutput) *sts.Client {
	config := sdktest.Config(a, "", "eu-central-1")
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}, nil
	})
	return sts.NewFromConfig(config)
}

func TestAnAssumedRoleActsInItsAccount(t *testing.T) {
	a := world(t)
	out, err := assume(t, a, "ops/Audit", 900)
	must(t, err)
	id, err := as(a, out).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	must(t, err)
	if *id.Account != team || *id.Arn != "arn:aws:sts::"+team+":assumed-role/Audit/setmend" {
		t.Errorf("the caller is %s in %s", *id.Arn, *id.Account)
	}
	if *id.Arn != *out.AssumedRoleUser.Arn || *id.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Errorf("AssumeRole announces %s (%s), GetCallerIdentity tells %s (%s)", *out.AssumedRoleUser.Arn, *out.AssumedRoleUser.AssumedRoleId, *id.Arn, *id.UserId)
	}
}

func TestSessionsExpire(t *testing.T) {
	a := world(t)
	out, err := assume(t, a, "Audit", 900)
	must(t, err)
	a.Advance(15*time.Minute + time.Second)
	_, err = as(a, out).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	sdktest.WantCode(t, err, "ExpiredToken")
}

func TestRolesThatCannotBeAssumed(t *testing.T) {
	for name, change := range map[string]func(*awssim.AWS) error{
		"missing":               func(a *awssim.AWS) error { a.Access().RemoveRole(team, "Audit"); return nil },
		"in a closed account":   func(a *awssim.AWS) error { return a.Organization().SetState(team, "CLOSED") },
		"in a suspended one":    func(a *awssim.AWS) error { return a.Organization().Suspend(team) },
		"in one that left dead": func(a *awssim.AWS) error { o := a.Organization(); o.Suspend(team); return o.Leave(team) },
	} {
		t.Run(name, func(t *testing.T) {
			a := world(t)
			a.Lock()
			must(t, change(a))
			a.Unlock()
			_, err := assume(t, a, "Audit", 900)
			sdktest.WantCode(t, err, "AccessDenied")
		})
	}
}

func TestAnAccountThatLeftAliveStillHasItsRoles(t *testing.T) {
	a := world(t)
	a.Lock()
	must(t, a.Organization().Leave(team))
	a.Unlock()
	_, err := assume(t, a, "Audit", 900)
	must(t, err)
}

func TestRoleChainingEndsAfterAnHour(t *testing.T) {
	a := world(t)
	out, err := assume(t, a, "Audit", 3600)
	must(t, err)
	_, err = as(a, out).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + sdktest.Management + ":role/Next"), RoleSessionName: aws.String("chained"), DurationSeconds: aws.Int32(7200)})
	sdktest.WantCode(t, err, "ValidationError")
}

func TestUsersGetTemporaryCredentialsOfTheirAccount(t *testing.T) {
	a := world(t)
	out, err := sts.NewFromConfig(sdktest.Config(a, team, "eu-west-1")).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	must(t, err)
	if *out.Credentials.AccessKeyId != team {
		t.Errorf("the key is %s", *out.Credentials.AccessKeyId)
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	a := world(t)
	c := sts.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
	for _, in := range []*sts.AssumeRoleInput{
		{RoleArn: aws.String("arn:aws:iam::12:role/TooShortAccount"), RoleSessionName: aws.String("session")},
		{RoleArn: aws.String("arn:aws:iam::" + team + ":role/Audit"), RoleSessionName: aws.String("not a name")},
		{RoleArn: aws.String("arn:aws:iam::" + team + ":role/Audit"), RoleSessionName: aws.String("session"), DurationSeconds: aws.Int32(60)},
	} {
		_, err := c.AssumeRole(t.Context(), in)
		sdktest.WantCode(t, err, "ValidationError")
	}
}
