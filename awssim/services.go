package awssim

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// assemble makes the services and introduces them to each other.
func (a *AWS) assemble() {
}

// add takes a service in under its signing name.
func (a *AWS) add(service core.Service) {
	a.services[service.Name] = &service
}

// names lists the services in order.
func (a *AWS) names() []string { return slices.Sorted(maps.Keys(a.services)) }
