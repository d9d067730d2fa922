package awssim

import "github.com/setmend/setmend/awssim/internal/core"

// store is the one store of live resources, for services that are made before the
// stack engine, which keeps it.
type store struct{ aws *AWS }

var _ core.LiveStore = store{}

func (s store) Version() uint64                 { return s.aws.stacks.Version() }
func (s store) Regions(account string) []string { return s.aws.stacks.Regions(account) }

func (s store) Resources(account, region, typ string) []core.Live {
	return s.aws.stacks.Resources(account, region, typ)
}

func (s store) Find(account, region, typ, identifier string) (core.Live, bool) {
	return s.aws.stacks.Find(account, region, typ, identifier)
}

func (s store) Holder(typ, name string) (account, region string, ok bool) {
	return s.aws.stacks.Holder(typ, name)
}

func (s store) Make(account, region, typ string, properties map[string]any) (core.Live, error) {
	return s.aws.stacks.Make(account, region, typ, properties)
}

func (s store) ChangeLive(l core.Live, properties map[string]any) error {
	return s.aws.stacks.ChangeLive(l, properties)
}

func (s store) DeleteLive(l core.Live) error { return s.aws.stacks.DeleteLive(l) }
