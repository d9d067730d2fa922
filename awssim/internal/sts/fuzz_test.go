package sts_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	internal "github.com/setmend/setmend/awssim/internal/sts"
)

func FuzzActions(f *testing.F) {
	f.Add(0, "RoleArn=arn:aws:iam::200000000001:role/x&RoleSessionName=me&DurationSeconds=900")
	sdktest.FuzzActions(f, internal.New(core.NewWorld(core.Options{}), nil).Service(), func(*awssim.AWS) error { return nil })
}
