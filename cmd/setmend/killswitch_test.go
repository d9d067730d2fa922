package main

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
)

func TestTheStopParameterStopsWhileItHoldsAnythingButGo(t *testing.T) {
	for _, c := range []struct {
		value string // "" for no parameter
		stops bool
	}{{"", false}, {"go", false}, {" GO\n", false}, {"stop", true}, {"maintenance until noon", true}} {
		t.Run(c.value, func(t *testing.T) {
			aws, err := awssim.New(awssim.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			client, err := cloud.New(t.Context(), cloud.Config{Transport: aws.Transport(), Region: "eu-central-1"})
			if err != nil {
				t.Fatal(err)
			}
			if c.value != "" {
				aws.Lock()
				err := aws.Parameters().Put(aws.Account(), "eu-central-1", "/setmend/stop", c.value)
				aws.Unlock()
				if err != nil {
					t.Fatal(err)
				}
			}
			a := &app{getenv: func(string) string { return "/setmend/stop" }}
			if _, stop, err := a.killSwitch(client)(t.Context()); err != nil || stop != c.stops {
				t.Errorf("stops: %t, %v; want %t", stop, err, c.stops)
			}
		})
	}
	if (&app{getenv: func(string) string { return "" }}).killSwitch(nil) != nil {
		t.Error("a switch without a name")
	}
}
