package organizations_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	internal "github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzActions(f *testing.F) {
	service := internal.New(core.NewWorld(core.Options{}), internal.Options{}).Service()
	sdktest.FuzzActions(f, service, func(a *awssim.AWS) error {
		a.Lock()
		defer a.Unlock()
		if err := a.Organization().Create(sdktest.Management, "Management"); err != nil {
			return err
		}
		return a.Organization().AddAccount(awssim.Account{ID: "200000000001"})
	})
}
