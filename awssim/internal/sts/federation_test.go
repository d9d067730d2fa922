package sts_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const deployRole = "arn:aws:iam::" + team + ":role/deploy"

// token is an OpenID Connect token as GitHub's, unsigned.
func token(expires time.Time, claims string) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"none"}`) + "." + part(fmt.Sprintf(`{"exp":%d,%s}`, expires.Unix(), claims)) + ".x"
}

func TestAWebIdentityBecomesASession(t *testing.T) {
	a := world(t)
	config := sdktest.Config(a, "", "eu-central-1")
	config.Credentials = nil // the action is not signed
	c := sts.NewFromConfig(config)
	with := func(token string, role string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return c.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(role), RoleSessionName: aws.String("ci"), WebIdentityToken: &token,
		})
	}
	good := token(time.Now().Add(time.Hour), `"iss":"https://token.example.com","sub":"repo:x/y","aud":["sts.amazonaws.com","b"]`)
	out, err := with(good, deployRole)
	must(t, err)
	if *out.Provider != "https://token.example.com" || *out.SubjectFromWebIdentityToken != "repo:x/y" || *out.Audience != "sts.amazonaws.com" {
		t.Errorf("of %s, %s, %s", *out.Provider, *out.SubjectFromWebIdentityToken, *out.Audience)
	}
	who, err := as(a, &sts.AssumeRoleOutput{Credentials: out.Credentials}).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	must(t, err)
	if want := "arn:aws:sts::" + team + ":assumed-role/deploy/ci"; *who.Arn != want {
		t.Errorf("the session is %s, want %s", *who.Arn, want)
	}
	for _, bad := range []struct{ token, role, code string }{
		{"not.a.token", deployRole, "InvalidIdentityToken"},
		{"none", deployRole, "InvalidIdentityToken"},
		{token(time.Now().Add(time.Hour), `"iss":"i","sub":"s"`), deployRole, "InvalidIdentityToken"},
		{token(time.Now().Add(-time.Hour), `"iss":"i","sub":"s","aud":"a"`), deployRole, "ExpiredTokenException"},
		{good, "arn:aws:iam::" + team + ":user/x", "ValidationError"},
	} {
		_, err := with(bad.token, bad.role)
		sdktest.WantCode(t, err, bad.code)
	}
	a.Lock()
	a.Access().RemoveRole(team, "deploy")
	a.Unlock()
	_, err = with(good, deployRole)
	sdktest.WantCode(t, err, "AccessDenied")
}

func TestASAMLResponseBecomesASessionOfARoleThatItNames(t *testing.T) {
	a := world(t)
	c := sts.NewFromConfig(sdktest.Config(a, "", "eu-central-1"))
	const provider = "arn:aws:iam::" + team + ":saml-provider/idp"
	response := func(roles, session string) *string {
		return aws.String(base64.StdEncoding.EncodeToString([]byte(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Assertion>
<Issuer>https://idp.example.com</Issuer><Subject><NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">someone</NameID>
<SubjectConfirmation><SubjectConfirmationData Recipient="https://signin.aws.amazon.com/saml"/></SubjectConfirmation></Subject><AttributeStatement>
<Attribute Name="https://aws.amazon.com/SAML/Attributes/Role"><AttributeValue>` + roles + `</AttributeValue></Attribute>
<Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><AttributeValue>` + session + `</AttributeValue></Attribute>
</AttributeStatement></Assertion></samlp:Response>`)))
	}
	with := func(response *string) (*sts.AssumeRoleWithSAMLOutput, error) {
		return c.AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{RoleArn: aws.String(deployRole), PrincipalArn: aws.String(provider), SAMLAssertion: response})
	}
	out, err := with(response(deployRole+","+provider, "someone"))
	must(t, err)
	if *out.Subject != "someone" || *out.SubjectType != "persistent" || *out.Issuer != "https://idp.example.com" || *out.Audience != "https://signin.aws.amazon.com/saml" {
		t.Errorf("answered %s, %s, %s, %s", *out.Subject, *out.SubjectType, *out.Issuer, *out.Audience)
	}
	_, err = with(response("arn:aws:iam::"+team+":role/other,"+provider, "someone"))
	sdktest.WantCode(t, err, "AccessDenied")
	_, err = with(response(deployRole+","+provider, ""))
	sdktest.WantCode(t, err, "InvalidIdentityToken")
	_, err = with(aws.String("no base64!"))
	sdktest.WantCode(t, err, "InvalidIdentityToken")
}

func TestFederatedUsersAreKnownByTheirName(t *testing.T) {
	a := world(t)
	c := sts.NewFromConfig(sdktest.Config(a, team, "eu-central-1"))
	out, err := c.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("broker"), DurationSeconds: aws.Int32(900)})
	must(t, err)
	session := as(a, &sts.AssumeRoleOutput{Credentials: out.Credentials})
	who, err := session.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	must(t, err)
	if *who.Arn != *out.FederatedUser.Arn || !strings.HasSuffix(*who.Arn, team+":federated-user/broker") || *who.UserId != team+":broker" {
		t.Errorf("the caller is %s %s, the federated user %s", *who.UserId, *who.Arn, *out.FederatedUser.Arn)
	}
	_, err = session.GetFederationToken(t.Context(), &sts.GetFederationTokenInput{Name: aws.String("again")})
	sdktest.WantCode(t, err, "AccessDenied")
	key, err := c.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("ASIA" + team)})
	must(t, err)
	if *key.Account != team {
		t.Errorf("the key is of account %s", *key.Account)
	}
	_, err = c.DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	sdktest.WantCode(t, err, "InvalidAuthorizationMessageException")
}
