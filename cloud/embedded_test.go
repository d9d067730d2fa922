package cloud

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/s3"
)

const (
	management = "100000000000"
	homeRegion = "eu-central-1"
)

// embed connects to an embedded AWS with its documented request rates.
func embed(t *testing.T, config Config) (*AWS, *awssim.AWS) {
	t.Helper()
	sim, err := awssim.New(awssim.Options{Seed: 1, Account: management})
	if err != nil {
		t.Fatal(err)
	}
	config.Region, config.Transport = homeRegion, sim.Transport()
	a, err := New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return a, sim
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill makes an organization of nested OUs, n accounts and what an operator finds
// in one, and returns it as it must be read.
func fill(t *testing.T, sim *awssim.AWS, n int) fleet.Organization {
	t.Helper()
	sim.Lock()
	defer sim.Unlock()
	o := sim.Organization()
	must(t, o.Create(management, "Management"))
	want := fleet.Organization{
		ID: o.ID(), Management: management, Root: fleet.OUID(o.Root()),
		OUs:      map[fleet.OUID]fleet.OU{fleet.OUID(o.Root()): {ID: fleet.OUID(o.Root()), Name: "Root"}},
		Accounts: map[fleet.AccountID]fleet.Account{management: {ID: management, Name: "Management", State: fleet.AccountActive, OUs: []fleet.OUID{fleet.OUID(o.Root())}}},
	}
	ous := [][]fleet.OUID{{want.Root}}
	for i := range 30 { // a tree three wide: 30 OUs, four deep
		above := ous[i/3]
		name := fmt.Sprintf("Unit %d", i)
		id, err := o.AddOU(string(above[len(above)-1]), name)
		must(t, err)
		want.OUs[fleet.OUID(id)] = fleet.OU{ID: fleet.OUID(id), Name: name, Parent: above[len(above)-1]}
		ous = append(ous, append(slices.Clone(above), fleet.OUID(id)))
	}
	states := []string{"ACTIVE", "ACTIVE", "ACTIVE", "SUSPENDED", "CLOSED", "PENDING_CLOSURE", "PENDING_ACTIVATION"}
	for i := range n {
		place, state := ous[i%len(ous)], states[i%len(states)]
		id := fmt.Sprintf("%012d", 200000000000+i)
		must(t, o.AddAccount(awssim.Account{ID: id, Name: "account " + id, State: state, Parent: string(place[len(place)-1])}))
		want.Accounts[fleet.AccountID(id)] = fleet.Account{
			ID: fleet.AccountID(id), Name: "account " + id, State: fleet.AccountState(state), OUs: place,
		}
	}
	return want
}

// ignoreJoined takes out when accounts joined, which the world decides.
var ignoreJoined = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Joined" }, cmp.Ignore())

func TestOneAccountIsReadAsTheListHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sim := embed(t, Config{})
		want := fill(t, sim, 40)
		for _, id := range []fleet.AccountID{"200000000000", "200000000004", "200000000036"} {
			got, err := a.DescribeAccount(t.Context(), id)
			if diff := cmp.Diff(want.Accounts[id], got, ignoreJoined); err != nil || diff != "" {
				t.Errorf("%v -want +got\n%s", err, diff)
			}
		}
		sim.Lock()
		must(t, sim.Organization().Leave("200000000000"))
		sim.Unlock()
		_, err := a.DescribeAccount(t.Context(), "200000000000")
		wantKind(t, err, fleet.NotFound)
	})
}

func TestTheCallerIsWhoTheKeysBelongTo(t *testing.T) {
	for _, account := range []string{management, "200000000001"} {
		a, _ := embed(t, Config{Keys: &Keys{AccessKeyID: account, SecretAccessKey: "s"}})
		caller, err := a.Caller(t.Context())
		if err != nil || caller.Account != fleet.AccountID(account) || caller.ARN == "" {
			t.Errorf("%+v, %v", caller, err)
		}
	}
}

func TestDelegatedAdministratorsAndServiceAccessAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, sim := embed(t, Config{})
		fill(t, sim, 10)
		sim.Lock()
		o := sim.Organization()
		o.SetTrustedAccess(StackSetsPrincipal, true)
		must(t, o.RegisterDelegatedAdministrator("200000000007", StackSetsPrincipal))
		must(t, o.RegisterDelegatedAdministrator("200000000001", StackSetsPrincipal))
		sim.Unlock()
		accounts, err := a.DelegatedAdministrators(t.Context())
		if err != nil || !slices.Equal(accounts, []fleet.AccountID{"200000000001", "200000000007"}) {
			t.Errorf("%v, %v", accounts, err)
		}
		services, err := a.ServiceAccess(t.Context())
		if err != nil || !slices.Contains(services, StackSetsPrincipal) {
			t.Errorf("%v, %v", services, err)
		}
	})
}

// The journal's own contract, over the SDK and S3's wire protocol.
func TestABucketKeepsAJournal(t *testing.T) {
	journaltest.Contract(t, func(t *testing.T) journaltest.Place {
		a, sim := embed(t, Config{Keys: &Keys{AccessKeyID: management, SecretAccessKey: "s"}})
		sim.Lock()
		must(t, sim.Objects().CreateBucket(management, homeRegion, "setmend-journal"))
		sim.Unlock()
		return func(*testing.T) journaltest.Journal {
			return s3.New(a.Bucket("setmend-journal"), "journal/", nil)
		}
	})
}

func TestABucketComparesAndSwaps(t *testing.T) {
	a, sim := embed(t, Config{})
	sim.Lock()
	must(t, sim.Objects().CreateBucket(management, homeRegion, "bucket"))
	sim.Unlock()
	b := a.Bucket("bucket")
	first, ok, err := b.Put(t.Context(), "k", []byte("one"), "")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for name, etag := range map[string]string{"a second creation": "", "an outdated etag": `"0123"`} {
		if _, ok, err := b.Put(t.Context(), "k", []byte("two"), etag); ok || err != nil {
			t.Errorf("%s: ok %v, %v", name, ok, err)
		}
	}
	if _, ok, err := b.Put(t.Context(), "absent", []byte("two"), first); ok || err != nil {
		t.Errorf("replacing what is not there: ok %v, %v", ok, err)
	}
	if _, ok, err := b.Put(t.Context(), "k", []byte("two"), first); !ok || err != nil {
		t.Errorf("replacing: ok %v, %v", ok, err)
	}
	body, _, err := b.Get(t.Context(), "k")
	if string(body) != "two" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	must(t, b.Delete(t.Context(), "k"))
	must(t, b.Delete(t.Context(), "k"))
	if body, etag, err := b.Get(t.Context(), "k"); body != nil || etag != "" || err != nil {
		t.Errorf("after deletion: %q %q %v", body, etag, err)
	}
	_, _, err = a.Bucket("absent").Get(t.Context(), "k")
	wantKind(t, err, fleet.NotFound)
}

func TestABucketIsListedInOrderFromAfterAKey(t *testing.T) {
	a, sim := embed(t, Config{})
	sim.Lock()
	must(t, sim.Objects().CreateBucket(management, homeRegion, "bucket"))
	for i := range 25 {
		must(t, sim.Objects().Put("bucket", fmt.Sprintf("log/%02d", i), make([]byte, i)))
	}
	must(t, sim.Objects().Put("bucket", "other", nil))
	sim.Unlock()
	keys, sizes, err := a.Bucket("bucket").List(t.Context(), "log/", "log/09", 10)
	if err != nil || len(keys) != 10 || keys[0] != "log/10" || keys[9] != "log/19" || sizes[9] != 19 {
		t.Errorf("%v %v %v", keys, sizes, err)
	}
	keys, _, err = a.Bucket("bucket").List(t.Context(), "log/", "log/19", 10)
	if err != nil || len(keys) != 5 {
		t.Errorf("%v %v", keys, err)
	}
}

func TestATopicIsPublishedToInItsOwnRegion(t *testing.T) {
	a, sim := embed(t, Config{})
	sim.Lock()
	arn := sim.Topics().CreateTopic(management, "us-west-2", "alerts")
	sim.Unlock()
	must(t, a.Publish(t.Context(), arn, "setmend", "three stacks healed"))
	sim.Lock()
	got := sim.Topics().Messages(arn)
	sim.Unlock()
	if len(got) != 1 || got[0].Subject != "setmend" || got[0].Body != "three stacks healed" {
		t.Errorf("%+v", got)
	}
	wantKind(t, a.Publish(t.Context(), arn+"-gone", "", "x"), fleet.NotFound)
}

func TestAParameterThatIsNotThereIsNoError(t *testing.T) {
	a, sim := embed(t, Config{})
	if value, found, err := a.Parameter(t.Context(), "/setmend/stop"); value != "" || found || err != nil {
		t.Errorf("%q %v %v", value, found, err)
	}
	sim.Lock()
	must(t, sim.Parameters().Put(management, homeRegion, "/setmend/stop", "true"))
	sim.Unlock()
	if value, found, err := a.Parameter(t.Context(), "/setmend/stop"); value != "true" || !found || err != nil {
		t.Errorf("%q %v %v", value, found, err)
	}
}

// A newcomer has no credentials, and an embedded AWS on the own machine needs none.
func TestAnEmbeddedAWSOnThisMachineNeedsNoCredentials(t *testing.T) {
	withoutCredentials(t)
	sim, err := awssim.New(awssim.Options{Seed: 1, Account: management})
	must(t, err)
	server := httptest.NewServer(sim)
	defer server.Close()
	for name, config := range map[string]Config{"by flag": {EndpointURL: server.URL}, "by environment": {}} {
		if config.EndpointURL == "" {
			t.Setenv("AWS_ENDPOINT_URL", server.URL)
		}
		config.Region = homeRegion
		a, err := New(t.Context(), config)
		must(t, err)
		caller, err := a.Caller(t.Context())
		if err != nil || caller.Account != management {
			t.Errorf("%s: %+v, %v", name, caller, err)
		}
	}
}

func TestKeysOfTheEnvironmentAreUsedWhereThereAreAny(t *testing.T) {
	withoutCredentials(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "200000000003")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	sim, err := awssim.New(awssim.Options{Seed: 1, Account: management})
	must(t, err)
	server := httptest.NewServer(sim)
	defer server.Close()
	a, err := New(t.Context(), Config{Region: homeRegion, EndpointURL: server.URL})
	must(t, err)
	caller, err := a.Caller(t.Context())
	if err != nil || caller.Account != "200000000003" {
		t.Errorf("%+v, %v", caller, err)
	}
}

// cutting breaks the connection in the middle of the first answers' bodies.
type cutting struct {
	http.RoundTripper
	left int
}

func (c *cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.RoundTripper.RoundTrip(r)
	if err == nil && c.left > 0 {
		c.left--
		response.Body = io.NopCloser(io.MultiReader(io.LimitReader(response.Body, 2), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return response, err
}

func TestAnObjectThatBreaksOffIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := awssim.New(awssim.Options{Account: management})
		must(t, err)
		sim.Lock()
		must(t, sim.Objects().CreateBucket(management, homeRegion, "bucket"))
		must(t, sim.Objects().Put("bucket", "k", []byte("whole")))
		sim.Unlock()
		a, err := New(t.Context(), Config{Region: homeRegion, Transport: &cutting{sim.Transport(), 2}})
		must(t, err)
		body, _, err := a.Bucket("bucket").Get(t.Context(), "k")
		if string(body) != "whole" || err != nil {
			t.Errorf("%q, %v", body, err)
		}
		if n := a.Stats().ByAction["GetObject"]; n != 3 {
			t.Errorf("%d requests", n)
		}
	})
}
