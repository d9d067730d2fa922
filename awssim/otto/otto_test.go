package otto_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
)

func fill(t testing.TB, accounts int, seed uint64) (*awssim.AWS, *otto.Truth) {
	t.Helper()
	a, err := awssim.New(awssim.Options{Seed: seed, Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	truth, err := otto.Fill(a, otto.Options{Accounts: accounts, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return a, truth
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		_, truth := fill(b, 320, 1)
		b.ReportMetric(float64(truth.Instances), "instances")
	}
}
func TestX(t *testing.T) {
	_, truth := fill(t, 320, 1)
	t.Logf("%d instances, overrides %d\n%s", truth.Instances, len(truth.Overrides), truth)
	_, truth = fill(t, 20, 1)
	t.Logf("%d instances, overrides %d\n%s", truth.Instances, len(truth.Overrides), truth)
}
