package ssm_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	internal "github.com/setmend/setmend/awssim/internal/ssm"
)

func FuzzActions(f *testing.F) {
	f.Add(0, `{"Name":"x:1","WithDecryption":true}`)
	f.Add(0, `{"ParameterFilters":[{"Key":"Path","Option":"Recursive","Values":[""]}]}`)
	sdktest.FuzzActions(f, internal.New(core.NewWorld(core.Options{}), nil).Service(), func(a *awssim.AWS) error {
		a.Lock()
		defer a.Unlock()
		return a.Parameters().Put(sdktest.Management, "eu-central-1", "x", "v")
	})
}
