package ec2

import (
	"encoding/base64"
	"path"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

type filter struct {
	Name  string `valid:"required"`
	Value []string
}

type describeInstancesInput struct {
	InstanceID []string `wire:"InstanceId"`
	Filter     []filter
	MaxResults *int32 `valid:"min=5,max=1000"`
	NextToken  string
}

type describeInstancesOutput struct {
	Reservations []reservation `wire:"reservationSet" item:"item"`
	NextToken    string        `wire:"nextToken"`
}

func (e *EC2) describeInstances(c *core.Call, in *describeInstancesInput) (*describeInstancesOutput, error) {
	list, next, err := e.page(c, in)
	if err != nil {
		return nil, err
	}
	out := &describeInstancesOutput{Reservations: []reservation{}, NextToken: next}
	for _, i := range list {
		n := len(out.Reservations)
		if n == 0 || out.Reservations[n-1].ReservationID != i.reservation {
			out.Reservations = append(out.Reservations, reservation{ReservationID: i.reservation, OwnerID: c.Caller.Account})
			n++
		}
		out.Reservations[n-1].Instances = append(out.Reservations[n-1].Instances, i.view())
	}
	return out, nil
}

// page is the part of the instances that is asked for.
func (e *EC2) page(c *core.Call, in *describeInstancesInput) (list []*instance, next string, err error) {
	wanted := e.places[place{c.Caller.Account, c.Region}]
	if len(in.InstanceID) > 0 {
		if in.MaxResults != nil {
			return nil, "", core.Errorf(400, "InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
		}
		if wanted, err = e.all(c, in.InstanceID); err != nil {
			return nil, "", err
		}
	}
	for _, f := range in.Filter {
		if !known(f.Name) {
			return nil, "", core.Errorf(400, "InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
	}
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, "", err
	}
	size := len(wanted)
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	passed := after == ""
	for _, i := range wanted {
		if !passed {
			passed = i.id == after
			continue
		}
		if !i.matches(in.Filter) {
			continue
		}
		if len(list) == size && size > 0 {
			return list, base64.StdEncoding.EncodeToString([]byte(list[size-1].id)), nil
		}
		list = append(list, i)
	}
	return list, "", nil
}

func decodeToken(token string) (string, error) {
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil || token != "" && !strings.HasPrefix(string(text), "i-") {
		return "", core.Errorf(400, "InvalidNextToken", "The token '%.100s' is invalid", token)
	}
	return string(text), nil
}

func known(filter string) bool {
	return strings.HasPrefix(filter, "tag:") ||
		slices.Contains([]string{"instance-id", "instance-state-name", "instance-type", "image-id", "tag-key"}, filter)
}

// matches holds an instance against filters: all of them, each by one of its
// values, in which * matches any text and ? any character.
func (i *instance) matches(filters []filter) bool {
	for _, f := range filters {
		var have []string
		switch {
		case f.Name == "instance-id":
			have = []string{i.id}
		case f.Name == "instance-state-name":
			have = []string{i.state}
		case f.Name == "instance-type":
			have = []string{i.kind}
		case f.Name == "image-id":
			have = []string{i.image}
		case f.Name == "tag-key":
			for _, t := range i.tags {
				have = append(have, t.Key)
			}
		default:
			for _, t := range i.tags {
				if t.Key == strings.TrimPrefix(f.Name, "tag:") {
					have = append(have, t.Value)
				}
			}
		}
		if !slices.ContainsFunc(have, func(value string) bool { return fits(f.Value, value) }) {
			return false
		}
	}
	return true
}

func fits(patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if !strings.ContainsAny(p, "*?") {
			return p == value
		}
		// A slash is nothing special to EC2, as it is to path.Match.
		ok, err := path.Match(strings.ReplaceAll(p, "/", "\x00"), strings.ReplaceAll(value, "/", "\x00"))
		return ok && err == nil
	})
}

type describeStatusInput struct {
	InstanceID          []string `wire:"InstanceId"`
	Filter              []filter
	IncludeAllInstances bool
	MaxResults          *int32 `valid:"min=5,max=1000"`
	NextToken           string
}

type checks struct {
	Status string `wire:"status"`
}

type instanceStatus struct {
	InstanceID     string    `wire:"instanceId"`
	State          stateView `wire:"instanceState"`
	InstanceStatus checks    `wire:"instanceStatus"`
	SystemStatus   checks    `wire:"systemStatus"`
}

type describeStatusOutput struct {
	Statuses  []instanceStatus `wire:"instanceStatusSet" item:"item"`
	NextToken string           `wire:"nextToken"`
}

// describeInstanceStatus shows those that are running, unless all are asked for.
func (e *EC2) describeInstanceStatus(c *core.Call, in *describeStatusInput) (*describeStatusOutput, error) {
	list, next, err := e.page(c, &describeInstancesInput{in.InstanceID, in.Filter, in.MaxResults, in.NextToken})
	if err != nil {
		return nil, err
	}
	out := &describeStatusOutput{Statuses: []instanceStatus{}, NextToken: next}
	for _, i := range list {
		if i.state != running && !in.IncludeAllInstances {
			continue
		}
		status := "not-applicable"
		switch {
		case i.state == running && c.Now().Before(i.up):
			status = "initializing"
		case i.state == running && i.failed:
			status = "impaired"
		case i.state == running:
			status = "ok"
		}
		out.Statuses = append(out.Statuses, instanceStatus{i.id, stateView{codes[i.state], i.state}, checks{status}, checks{status}})
	}
	return out, nil
}
