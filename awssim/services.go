package awssim

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/sts"
)

// assemble makes the services and introduces them to each other.
func (a *AWS) assemble(options Options) {
	a.organization = organizations.New(a.world, options.Organizations)
	a.add(a.organization.Service())
	a.add(sts.New(a.world, a.organization).Service())
	a.assembleData()
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
