package kms_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/kms"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzActions(f *testing.F) {
	sdktest.FuzzActions(f, kms.New(core.NewWorld(core.Options{})).Service(), func(*awssim.AWS) error { return nil })
}
