package awssim

import "github.com/setmend/setmend/awssim/internal/core"

func (a *AWS) authorize(*exchange) error { return nil }

func (a *AWS) mayDeliver(core.ARN, core.Delivery) error { return nil }
