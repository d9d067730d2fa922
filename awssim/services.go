package awssim

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/cloudcontrol"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/stacks"
	"github.com/setmend/setmend/awssim/internal/stacksets"
	"github.com/setmend/setmend/awssim/internal/sts"
)

// assemble makes the services and introduces them to each other.
func (a *AWS) assemble(options Options) {
	a.organization = organizations.New(a.world, options.Organizations)
	a.add(a.organization.Service())
	a.add(sts.New(a.world, a.organization.Accounts()).Service())
	a.assembleData()
	a.assembleCloudFormation(options)
}

// assembleCloudFormation makes stacks and, on top of them, stack sets: two
// packages, one service.
func (a *AWS) assembleCloudFormation(options Options) {
	buckets := objects{a.data.objects}
	o := options.Stacks
	o.Organization, o.Parameters, o.Templates = a.organization, a.data.parameters, buckets.text
	o.StackSetTemplate = func(c *core.Call, name, callAs string) (string, error) { return a.stackSets.Template(c, name, callAs) }
	o.Undeletable = a.data.objects.Undeletable
	o.Makers = map[string]stacks.Maker{setType: setMaker{aws: a, paper: map[string]bool{}}}
	a.stacks = stacks.New(a.world, o)
	a.stackSets = stacksets.New(a.world, a.stacks, a.organization, buckets, options.StackSets)
	a.add(core.Service{
		Name:      "cloudformation",
		Protocols: []core.Protocol{core.Query},
		Version:   "2010-05-15",
		Namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
		Actions:   merged(a.stackSets.Actions(), a.stacks.Actions()),
	})
	a.add(cloudcontrol.New(a.world, a.stacks).Service())
	a.watch()
}

// merged puts the actions of several packages into one table.
func merged(tables ...map[string]core.Action) map[string]core.Action {
	out := map[string]core.Action{}
	for _, table := range tables {
		maps.Copy(out, table)
	}
	return out
}

// add takes a service in under its signing name.
func (a *AWS) add(service core.Service) { a.services[service.Name] = &service }

// names lists the services in order.
func (a *AWS) names() []string { return slices.Sorted(maps.Keys(a.services)) }

// Organization is AWS Organizations of an [AWS].
type Organization = organizations.Organization

// Account describes an account that joins the organization.
type Account = organizations.Account

// Organization is the world's organization, for filling and changing it from Go.
// It is used with the lock held.
func (a *AWS) Organization() *Organization { return a.organization }

// Stacks is CloudFormation's stack engine, for changing live resources by hand
// from Go. It is used with the lock held.
func (a *AWS) Stacks() *stacks.Engine { return a.stacks }

// StackInfo is a stack, as the stack engine tells of it.
type StackInfo = core.StackInfo

// StackOptions are CloudFormation's durations and quotas for stacks.
type StackOptions = stacks.Options
