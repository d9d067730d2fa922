package integration

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// modifyFleet changes an instance fleet of a cluster that is named.
func (b *Bound) modifyFleet(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	return b.modifyByName(ctx, input, named{
		parameter: "InstanceFleetName", list: "listInstanceFleets", in: "InstanceFleets", id: "InstanceFleetId", given: "InstanceFleet",
		modify: "modifyInstanceFleet",
		change: func(cluster, changed any) *wire.Object {
			return objectOf("ClusterId", cluster, "InstanceFleet", changed)
		},
	})
}

// modifyGroup changes an instance group of a cluster that is named.
func (b *Bound) modifyGroup(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	return b.modifyByName(ctx, input, named{
		parameter: "InstanceGroupName", list: "listInstanceGroups", in: "InstanceGroups", id: "InstanceGroupId", given: "InstanceGroup",
		modify: "modifyInstanceGroups",
		change: func(cluster, changed any) *wire.Object {
			return objectOf("ClusterId", cluster, "InstanceGroups", []any{changed})
		},
	})
}

// A named part of a cluster is found in a list, and changed by its id.
type named struct {
	parameter, list, in, id, given, modify string
	change                                 func(cluster, changed any) *wire.Object
}

func (b *Bound) modifyByName(ctx context.Context, input json.RawMessage, n named) (json.RawMessage, error) {
	refused := func(why string) error {
		return &Error{Name: runtimeError, Cause: "elasticmapreduce:" + n.modify + ": " + why}
	}
	v, err := wire.Decode(input)
	in, ok := v.(*wire.Object)
	if err != nil || !ok {
		return nil, refused("the parameters must be an object")
	}
	cluster, name := in.Get("ClusterId"), text(in.Get(n.parameter))
	changed, ok := in.Get(n.given).(*wire.Object)
	if !ok {
		return nil, refused("the field '" + n.given + "' must be an object")
	}
	id, err := b.idByName(ctx, n, cluster, name)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, &Error{Name: "ElasticMapReduce.InvalidRequestException", Cause: fmt.Sprintf("The cluster has no %s with the name %s", n.given, name)}
	}
	withID := objectOf(n.id, id)
	withID.Entries = append(withID.Entries, changed.Entries...)
	if _, err := b.emr(ctx, n.modify, n.change(cluster, withID)); err != nil {
		return nil, err
	}
	return json.RawMessage("{}"), nil
}

// idByName looks through all pages of the cluster's parts; "" if none has the name.
func (b *Bound) idByName(ctx context.Context, n named, cluster any, name string) (string, error) {
	for marker := ""; ; {
		ask := objectOf("ClusterId", cluster)
		if marker != "" {
			ask.Set("Marker", marker)
		}
		page, err := b.emr(ctx, n.list, ask)
		if err != nil {
			return "", err
		}
		list, _ := page.Get(n.in).([]any)
		for _, item := range list {
			if part, ok := item.(*wire.Struct); ok && text(part.Get("Name")) == name {
				return text(part.Get("Id")), nil
			}
		}
		if marker = text(page.Get("Marker")); marker == "" {
			return "", nil
		}
	}
}

func (b *Bound) emr(ctx context.Context, action string, parameters *wire.Object) (*wire.Struct, error) {
	i := &integration{operation: mustOperation("emr", action), naming: emrNaming}
	value, err := filler{}.structure(i.operation.Input, parameters, "")
	if err != nil {
		return nil, &Error{Name: runtimeError, Cause: i.operation.String() + ": " + err.Error(), Err: err}
	}
	return b.send(ctx, i, value.(*wire.Struct))
}
