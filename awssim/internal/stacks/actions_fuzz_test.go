package stacks_test

import (
	"fmt"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	"github.com/setmend/setmend/awssim/internal/stacks"
)

// FuzzActions: any form sent to any stack action gets AWS's answer.
func FuzzActions(f *testing.F) {
	service := core.Service{
		Name: "cloudformation", Protocols: []core.Protocol{core.Query}, Version: "2010-05-15",
		Actions: stacks.New(core.NewWorld(core.Options{}), stacks.Options{}).Actions(),
	}
	for i := range len(service.Actions) {
		f.Add(i, "StackName=app&NextToken=MQ&LogicalResourceId=Queue&ExportName=url")
		f.Add(i, "StackName=app&UsePreviousTemplate=true&Parameters.member.1.ParameterKey=Delay&Parameters.member.1.ParameterValue=9&ChangeSetName=c&DeploymentMode=REVERT_DRIFT")
		f.Add(i, "StackName=new&TemplateBody=Resources%3A%20%7BT%3A%20%7BType%3A%20AWS%3A%3ASNS%3A%3ATopic%7D%7D&ChangeSetName=c&ChangeSetType=CREATE&Tags=")
	}
	sdktest.FuzzActions(f, service, seedQueue)
}

// seedQueue makes a stack and changes it by hand.
func seedQueue(a *awssim.AWS) error {
	a.Lock()
	defer a.Unlock()
	id, err := a.Stacks().Seed(core.StackSpec{Account: sdktest.Management, Region: region, Name: "app", Template: queue})
	if err != nil {
		return fmt.Errorf("seeding a stack: %w", err)
	}
	return a.Stacks().SetProperty(id, "Queue", "/DelaySeconds", 9)
}
