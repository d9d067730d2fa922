package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/heal/lease"
)

// sharedLease is the SSM parameter that SETMEND_LEASE_PARAMETER names, in which the
// lease lies for healers with other journals to see; nil if it names none.
func (a *app) sharedLease(aws *cloud.AWS) lease.Shared {
	name := a.getenv("SETMEND_LEASE_PARAMETER")
	if name == "" {
		return nil
	}
	return aws.LeaseParameter(name)
}

// killSwitch is the SSM parameter that SETMEND_STOP_PARAMETER names, nil if it
// names none. While the parameter holds anything but "go", nothing more is
// written; its text is the reason. One that does not exist stops nothing: it is
// created to stop, and deleted (or set to go) to go on.
func (a *app) killSwitch(aws *cloud.AWS) func(context.Context) (string, bool, error) {
	name := a.getenv("SETMEND_STOP_PARAMETER")
	if name == "" {
		return nil
	}
	return func(ctx context.Context) (string, bool, error) {
		value, found, err := aws.Parameter(ctx, name)
		if err != nil || !found || strings.EqualFold(strings.TrimSpace(value), "go") {
			return "", false, err
		}
		return fmt.Sprintf("the parameter %s says %q", name, oneLine(value)), true, nil
	}
}
