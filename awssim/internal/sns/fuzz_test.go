package sns_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	internal "github.com/setmend/setmend/awssim/internal/sns"
)

func FuzzActions(f *testing.F) {
	sdktest.FuzzActions(f, internal.New(core.NewWorld(core.Options{}), nil).Service(), func(a *awssim.AWS) error {
		a.Lock()
		defer a.Unlock()
		a.Topics().CreateTopic(sdktest.Management, "eu-central-1", "x")
		return nil
	})
}
