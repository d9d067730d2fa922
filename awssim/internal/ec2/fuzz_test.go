package ec2_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/ec2"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzActions(f *testing.F) {
	sdktest.FuzzActions(f, ec2.New(core.NewWorld(core.Options{})).Service(), func(*awssim.AWS) error { return nil })
}
