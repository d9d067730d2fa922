package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration"
)

// Whom a policy is for.
const (
	forSync     = "sync"   // config sync
	forStarting = "start"  // what starts runs on Step Functions
	forReading  = "read"   // status, plan, explain, doctor, dashboard
	forHealing  = "heal"   // heal, apply, serve
	forMembers  = "member" // the role in the member accounts that reverts drift in place
)

func (a *app) permissionsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "permissions [read|heal|sync|member]",
		Short: "Print the least IAM policy for looking, healing, compiling, or the member role",
		Long: `permissions prints an IAM policy as JSON. Nothing is asked of AWS.

  read    (the default) status, plan, explain, doctor, dashboard, order, drift --last
  heal    heal, apply, serve, drift, rollout, overrides and order sync: the former, and
          what changes stack sets and their instances. With
          a policy file it allows what that names, and no more: assuming its member
          roles, publishing to its topics, reading its secrets and the stop parameter
  sync    config diff and config sync: reading, and the parameters that are written
  member  for the policy's memberRole in the member accounts: change sets, and the
          alarms that a rollout's gates look at. Executing one also takes whatever changes the resources themselves

None of them reads or changes a resource that a stack has made: in the accounts,
CloudFormation works with its own roles.`,
		Args: cobra.MaximumNArgs(1), ValidArgs: []string{forReading, forHealing, forSync, forMembers},
		RunE: func(_ *cobra.Command, args []string) error {
			purpose := forReading
			if len(args) > 0 {
				purpose = args[0]
			}
			policy, err := a.permissions(purpose)
			if err != nil {
				return err
			}
			return a.print(policy, func(io.Writer) error { return writeIndented(a.stdout, policy) })
		},
	}
}

func writeIndented(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// permissions is the policy for a purpose. Actions that take no ARN of their own,
// or whose ARNs nobody knows beforehand, stand with "*".
func (a *app) permissions(purpose string) (integration.Policy, error) {
	policy := integration.Policy{Version: "2012-10-17"}
	add := func(actions, resources []string) {
		if len(actions) > 0 && len(resources) > 0 {
			policy.Statement = append(policy.Statement, integration.Statement{Effect: "Allow", Action: actions, Resource: resources})
		}
	}
	everywhere := []string{"*"}
	switch purpose {
	case forReading:
		add(actionsFor(forReading), everywhere)
	case forSync:
		s, err := a.readSettings()
		if err != nil {
			return policy, err
		}
		add(actionsFor(forReading), everywhere)
		below := fmt.Sprintf("arn:%s:ssm:*:*:parameter%s", a.partition(), s.parameterStore.path())
		// Listing below a path is checked against the path itself.
		add(slices.DeleteFunc(actionsFor(forSync), func(action string) bool { return action == "ssm:DescribeParameters" }), []string{below, below + "/*"})
		add([]string{"ssm:DescribeParameters"}, everywhere)
	case forMembers:
		add(actionsFor(forMembers), everywhere)
	case forHealing:
		extra, err := a.extraResources()
		if err != nil {
			return policy, err
		}
		add(actionsFor(forReading), everywhere)
		add(actionsFor(forHealing), everywhere)
		add([]string{"sts:AssumeRole"}, extra.roles)
		add([]string{"ssm:GetParameter"}, extra.parameters)
		add([]string{"sns:Publish"}, extra.topics)
	default:
		return policy, &usageError{fmt.Errorf("there are no permissions for %q", purpose), "choose read, heal, sync or member"}
	}
	return policy, nil
}

// actionsFor are the permissions for a purpose, sorted.
func actionsFor(purpose string) []string {
	var list []string
	for _, action := range cloud.Actions() {
		if purposeOf(action) == purpose {
			list = append(list, action.Permission())
		}
	}
	slices.Sort(list)
	return list
}

// inMembers are CloudFormation's actions that setmend calls in a stack's own
// account, through the member role.
var inMembers = []string{
	"DescribeStacks", "DescribeStackEvents", "GetTemplate", "DescribeChangeSet", "DetectStackDrift", "DescribeStackDriftDetectionStatus",
	"DescribeStackResourceDrifts", "CreateChangeSet", "DeleteChangeSet", "ExecuteChangeSet", "ContinueUpdateRollback",
}

// inSync are Parameter Store's actions by which the configuration is compiled.
var inSync = []string{"GetParametersByPath", "DescribeParameters", "PutParameter", "DeleteParameters"}

// purposeOf says what an action serves, "" for what only some policy files need.
func purposeOf(action cloud.Action) string {
	switch {
	case action.Name == "ListAWSServiceAccessForOrganization":
		return "" // no command asks it: DescribeOrganizationsAccess tells of StackSets itself
	case action.Name == "DescribeAlarms":
		return forMembers
	case action.Service == "ssm" && slices.Contains(inSync, action.Name):
		return forSync
	case action.Service == "states":
		return forStarting
	case action.Service == "cloudformation" && action.Name == "DeleteStack":
		return "" // only uninstalling needs it, with the installer's own permissions
	case action.Service == "cloudformation" && slices.Contains(inMembers, action.Name):
		return forMembers
	case action.Service == "cloudformation" && action.Write:
		return forHealing
	case action.Service == "cloudformation", action.Service == "organizations", action.Name == "GetCallerIdentity":
		return forReading
	}
	return ""
}

// extras are the ARNs that a policy file and the environment name.
type extras struct{ roles, parameters, topics []string }

func (a *app) extraResources() (extras, error) {
	s, err := a.readSettings()
	if err != nil {
		return extras{}, err
	}
	var e extras
	partition := a.partition()
	for _, role := range s.policy.MemberRoles() {
		e.roles = append(e.roles, fmt.Sprintf("arn:%s:iam::*:role/%s", partition, strings.TrimPrefix(role, "/")))
	}
	names, err := secretParameters(s.notify)
	if err != nil {
		return extras{}, err
	}
	if name := a.getenv("SETMEND_STOP_PARAMETER"); name != "" {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		e.parameters = append(e.parameters, fmt.Sprintf("arn:%s:ssm:*:*:parameter/%s", partition, strings.TrimPrefix(name, "/")))
	}
	for _, channel := range s.notify.Channels {
		if channel.SNS != nil {
			e.topics = append(e.topics, channel.SNS.Topic)
		}
	}
	return e, nil
}

// partition is the part of AWS that the home region lies in.
func (a *app) partition() string {
	region := a.region
	if region == "" {
		region = a.getenv("AWS_REGION")
	}
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// secretParameters are the parameters that channels name as ssm:NAME, wherever in
// their settings they do.
func secretParameters(config any) ([]string, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	return parametersIn(tree), nil
}

func parametersIn(tree any) []string {
	var names []string
	switch node := tree.(type) {
	case string:
		if name, ok := strings.CutPrefix(node, "ssm:"); ok {
			names = append(names, name)
		}
	case []any:
		for _, item := range node {
			names = append(names, parametersIn(item)...)
		}
	case map[string]any:
		for _, item := range node {
			names = append(names, parametersIn(item)...)
		}
	}
	return names
}
