package ec2_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/ec2"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const region = "eu-central-1"

var service = ec2.New(core.NewWorld(core.Options{})).Service()

// answer is that of a call which must have a status.
func answer(t *testing.T, a *awssim.AWS, want int, action, form string) string {
	t.Helper()
	status, text := sdktest.Send(t, a, service, sdktest.Management, region, action, form)
	if status != want {
		t.Fatalf("%s answers %d: %s", action, status, text)
	}
	return text
}

func launch(t *testing.T, a *awssim.AWS, form string) []string {
	t.Helper()
	text := answer(t, a, 200, "RunInstances", "ImageId=ami-1&"+form)
	var ids []string
	for _, m := range regexp.MustCompile(`<instanceId>(i-[0-9a-f]+)</instanceId>`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestAnInstanceIsImpairedAfterARebootThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		id := launch(t, a, "MinCount=1&MaxCount=1")[0]
		status := func(want string) {
			t.Helper()
			if text := answer(t, a, 200, "DescribeInstanceStatus", "InstanceId.1="+id+"&IncludeAllInstances=true"); !strings.Contains(text, "<status>"+want+"</status>") {
				t.Errorf("want %s: %s", want, text)
			}
		}
		status("not-applicable")
		time.Sleep(30 * time.Second)
		status("initializing")
		time.Sleep(2 * time.Minute)
		status("ok")
		a.Lock()
		a.Instances().Break(sdktest.Management, region, id)
		a.Unlock()
		answer(t, a, 200, "RebootInstances", "InstanceId.1="+id)
		time.Sleep(2 * time.Minute)
		status("impaired")
		answer(t, a, 200, "RebootInstances", "InstanceId.1="+id)
		time.Sleep(2 * time.Minute)
		status("ok")
	})
}

func TestInstancesStopStartAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		id := "InstanceId.1=" + launch(t, a, "MinCount=1&MaxCount=1")[0]
		time.Sleep(time.Minute)
		for _, step := range []struct{ action, state string }{{"StopInstances", "stopped"}, {"StartInstances", "running"}, {"TerminateInstances", "terminated"}} {
			answer(t, a, 200, step.action, id)
			time.Sleep(time.Minute)
			if text := answer(t, a, 200, "DescribeInstances", id); !strings.Contains(text, "<name>"+step.state+"</name>") {
				t.Errorf("after %s: %s", step.action, text)
			}
		}
		if text := answer(t, a, 400, "RebootInstances", id); !strings.Contains(text, "<Code>IncorrectInstanceState</Code>") {
			t.Errorf("a terminated one is rebooted: %s", text)
		}
		if text := answer(t, a, 400, "StopInstances", "InstanceId.1=i-0"); !strings.Contains(text, "<Code>InvalidInstanceID.NotFound</Code>") {
			t.Errorf("one that there is not is stopped: %s", text)
		}
	})
}

func TestInstancesAreFoundByFiltersAndInPages(t *testing.T) {
	a := sdktest.New(t)
	launch(t, a, "MinCount=6&MaxCount=6&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=tier&TagSpecification.1.Tag.1.Value=web/front")
	launch(t, a, "MinCount=2&MaxCount=2")
	count := func(form string) int {
		return strings.Count(answer(t, a, 200, "DescribeInstances", form), "<instanceId>")
	}
	for form, want := range map[string]int{
		"": 8, "MaxResults=5": 5,
		"Filter.1.Name=tag:tier&Filter.1.Value.1=web*":                                              6,
		"Filter.1.Name=tag:tier&Filter.1.Value.1=db&Filter.1.Value.2=web/fron?":                     6,
		"Filter.1.Name=tag-key&Filter.1.Value.1=tier&Filter.2.Name=image-id&Filter.2.Value.1=ami-2": 0,
		"Filter.1.Name=instance-state-name&Filter.1.Value.1=pending&Filter.1.Value.2=running":       8,
	} {
		if got := count(form); got != want {
			t.Errorf("%s finds %d, want %d", form, got, want)
		}
	}
	first := answer(t, a, 200, "DescribeInstances", "MaxResults=5")
	token := regexp.MustCompile(`<nextToken>(.+)</nextToken>`).FindStringSubmatch(first)
	if token == nil || count("MaxResults=5&NextToken="+strings.ReplaceAll(token[1], "=", "%3D")) != 3 {
		t.Errorf("the second page after %v is not the rest", token)
	}
	if text := answer(t, a, 400, "DescribeInstances", "Filter.1.Name=colour&Filter.1.Value.1=red"); !strings.Contains(text, "is invalid") {
		t.Error(text)
	}
}
