package cloud

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/fleet"
)

// memberStub lets everybody into every account, for an hour.
func memberStub(q question) answer {
	switch q.Action {
	case "AssumeRole":
		account := strings.Split(q.Form.Get("RoleArn"), ":")[4]
		return xml(q.Action, "<Credentials><AccessKeyId>"+account+"</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t-"+
			account+"</SessionToken><Expiration>"+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+"</Expiration></Credentials>")
	case "GetTemplate":
		return xml(q.Action, "<TemplateBody>Resources: {}</TemplateBody>")
	case "DescribeStacks":
		return xml(q.Action, "<Stacks><member><StackName>s</StackName><StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>")
	}
	return xml(q.Action, "")
}

func TestAMemberAccountIsReachedThroughItsRole(t *testing.T) {
	for id, arn := range map[string]string{
		"arn:aws:cloudformation:us-east-1:111122223333:stack/x/y":            "arn:aws:iam::111122223333:role/setmend-member",
		"arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/x/y": "arn:aws-us-gov:iam::111122223333:role/setmend-member",
		"arn:aws-cn:cloudformation:cn-north-1:111122223333:stack/x/y":        "arn:aws-cn:iam::111122223333:role/setmend-member",
	} {
		a, s := configured(t, Config{MemberSession: "run 7/x", MemberExternalID: "ext"}, memberStub)
		stack := aStack
		stack.StackID = id
		if _, _, err := a.StackTemplate(t.Context(), stack); err != nil {
			t.Fatal(err)
		}
		assumed := s.last("AssumeRole")
		if got := assumed.Form.Get("RoleArn"); got != arn {
			t.Errorf("role %s, want %s", got, arn)
		}
		if name := assumed.Form.Get("RoleSessionName"); name != "setmend-run-7-x" || assumed.Form.Get("ExternalId") != "ext" {
			t.Errorf("session name %q, external id %q", name, assumed.Form.Get("ExternalId"))
		}
		read := s.last("GetTemplate")
		if read.Key != "111122223333" || read.Token != "t-111122223333" || read.Region != "us-east-1" {
			t.Errorf("the member is read as %s (%s) in %s", read.Key, read.Token, read.Region)
		}
	}
}

func TestASessionServesAllRegionsUntilFiveMinutesBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, memberStub)
		read := func(region fleet.Region) int {
			stack := aStack
			stack.Region = region
			if _, _, err := a.StackTemplate(t.Context(), stack); err != nil {
				t.Fatal(err)
			}
			return a.Stats().ByAction["AssumeRole"]
		}
		read("us-east-1")
		time.Sleep(54 * time.Minute)
		if n := read("eu-central-1"); n != 1 {
			t.Errorf("%d sessions for two regions within its time", n)
		}
		time.Sleep(2 * time.Minute)
		if n := read("eu-central-1"); n != 2 {
			t.Errorf("%d sessions when less than five minutes are left, want a new one", n)
		}
	})
}

func TestASessionThatAWSNoLongerTakesIsReplaced(t *testing.T) {
	revoked := false
	a, _ := against(t, func(q question) answer {
		if revoked && q.Action == "GetTemplate" {
			revoked = false
			return fault(403, "ExpiredToken", "The security token included in the request is expired")
		}
		return memberStub(q)
	})
	revoked = true
	_, _, err := a.StackTemplate(t.Context(), aStack)
	wantKind(t, err, fleet.Unreachable)
	if _, _, err := a.StackTemplate(t.Context(), aStack); err != nil {
		t.Fatal(err)
	}
	if n := a.Stats().ByAction["AssumeRole"]; n != 2 {
		t.Errorf("%d sessions, want a second one after the first was refused", n)
	}
}

func TestARoleThatMayNotBeAssumedIsDenied(t *testing.T) {
	a, _ := against(t, func(question) answer {
		return fault(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole")
	})
	_, _, err := a.StackTemplate(t.Context(), aStack)
	e := wantKind(t, err, fleet.Denied)
	if e.Call != "AssumeRole" || !strings.Contains(e.Object, "setmend-member") || !strings.Contains(e.Object, "111122223333") {
		t.Errorf("%v names neither role nor account", err)
	}
}

func TestAStackWithoutItsRoleIsNotReached(t *testing.T) {
	a, s := against(t, memberStub)
	stack := aStack
	stack.Role = ""
	_, err := a.Revert(t.Context(), stack, "t")
	wantKind(t, err, fleet.Invalid)
	if len(s.asked) != 0 {
		t.Errorf("sent %v", s.actions())
	}
}

func TestAChangeSetsNameFollowsFromItsTokenAlone(t *testing.T) {
	seen := map[string]string{}
	for _, token := range []string{"a1-b2", "run/1", "run:1", "", strings.Repeat("x", 200), strings.Repeat("x", 201)} {
		name := changeSetName(token)
		if name != changeSetName(token) {
			t.Errorf("%q has two names", token)
		}
		if other, taken := seen[name]; taken {
			t.Errorf("%q and %q share the name %s", token, other, name)
		}
		seen[name] = token
		if len(name) > 128 || strings.Trim(name, "-abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			t.Errorf("AWS does not take the name %q", name)
		}
	}
	if seen["setmend-a1-b2"] != "a1-b2" {
		t.Errorf("a fitting token is not in its name: %v", seen)
	}
}

func TestManyCallersOfOneAccountShareOneSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := 3
		a, _ := against(t, func(q question) answer {
			if q.Action == "AssumeRole" {
				if refuse--; refuse >= 0 {
					return throttling(q)
				}
			}
			return memberStub(q)
		})
		var callers sync.WaitGroup
		for i := range 8 {
			callers.Go(func() {
				stack := aStack
				stack.Region = []fleet.Region{"us-east-1", "eu-central-1"}[i%2]
				if _, _, err := a.StackTemplate(t.Context(), stack); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if n := a.Stats().ByAction["AssumeRole"]; n != 4 {
			t.Errorf("%d requests for a session, want 1 after 3 refusals", n)
		}
	})
}

func TestWaitingForASessionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, func(q question) answer {
			time.Sleep(10 * time.Second)
			return memberStub(q)
		})
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, _, err := a.StackTemplate(t.Context(), aStack); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := a.StackTemplate(ctx, aStack)
		wantKind(t, err, fleet.Unreachable)
		callers.Wait()
	})
}
