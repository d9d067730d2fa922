package events_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/events"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzActions(f *testing.F) {
	f.Add(11, `{"EventPattern":"{\"a\":[{\"numeric\":[\">\",1]},{\"wildcard\":\"*\"}]}","Event":"{\"a\":1}"}`)
	sdktest.FuzzActions(f, events.New(core.NewWorld(core.Options{}), nil, nil, nil).Service(), func(*awssim.AWS) error { return nil })
}
