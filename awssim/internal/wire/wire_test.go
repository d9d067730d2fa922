package wire

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
)

type pair struct {
	Key   string  `valid:"required,min=1,max=128"`
	Value *string `valid:"max=256"`
}

type sample struct {
	StackSetName string   `valid:"required,max=8,pattern=[a-zA-Z][-a-zA-Z0-9]*"`
	Accounts     []string `valid:"max=3" each:"pattern=[0-9]{12}"`
	Pairs        []pair
	Mode         string `valid:"enum=ON|OFF"`
	Count        *int64 `valid:"min=1,max=5"`
	Retain       *bool
	Since        time.Time
	Labels       map[string]string
	Inner        *inner
}

type inner struct{ Regions []string }

type result struct {
	Id       string
	Empty    []string
	Names    []string
	Absent   []string
	OU       *string
	At       time.Time
	Never    time.Time
	Count    int64
	Labels   map[string]string
	Inner    *inner
	Ratio    float64
	Disabled bool
}

func service(protocols ...core.Protocol) *core.Service {
	return &core.Service{
		Name: "test", Protocols: protocols, Version: "2010-05-15",
		Namespace: "http://example.com/doc/", TargetPrefix: "Test",
		Actions: map[string]core.Action{"Try": {}, "Internal": {Namespace: "http://internal.example.com/"}},
	}
}

func query(t *testing.T, body string) *Request {
	t.Helper()
	q, refused := Read(service(core.Query), httptest.NewRequest("POST", "/", strings.NewReader(body)))
	if refused != nil {
		t.Fatalf("reading %q: %v", body, refused)
	}
	return q
}

func ptr[T any](v T) *T { return &v }

func TestQueryReadsListsStructuresAndMaps(t *testing.T) {
	q := query(t, "Action=Try&StackSetName=net&Accounts.member.2=222222222222&Accounts.member.1=111111111111"+
		"&Pairs.member.1.Key=a&Pairs.member.1.Value=&Count=3&Retain=true&Since=2026-11-20T10:00:00Z"+
		"&Labels.entry.1.key=k&Labels.entry.1.value=v&Inner.Regions.member.10=eu-west-1&Inner.Regions.member.9=us-east-1")
	var got sample
	if err := q.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := sample{
		StackSetName: "net",
		Accounts:     []string{"111111111111", "222222222222"},
		Pairs:        []pair{{Key: "a", Value: ptr("")}},
		Count:        ptr(int64(3)),
		Retain:       ptr(true),
		Since:        time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
		Labels:       map[string]string{"k": "v"},
		Inner:        &inner{Regions: []string{"us-east-1", "eu-west-1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestQueryTellsAnEmptyListFromAnAbsentOne(t *testing.T) {
	var given, absent sample
	if err := query(t, "Action=Try&StackSetName=a&Pairs=").Decode(&given); err != nil {
		t.Fatal(err)
	}
	if err := query(t, "Action=Try&StackSetName=a").Decode(&absent); err != nil {
		t.Fatal(err)
	}
	if given.Pairs == nil || len(given.Pairs) != 0 {
		t.Errorf("Pairs= gives %#v, want an empty list", given.Pairs)
	}
	if absent.Pairs != nil {
		t.Errorf("no Pairs give %#v, want nil", absent.Pairs)
	}
}

func TestBrokenConstraintsReadAsAWSPrintsThem(t *testing.T) {
	const one = "1 validation error detected: "
	for _, c := range []struct{ body, want string }{
		{"", one + "Value null at 'stackSetName' failed to satisfy constraint: Member must not be null"},
		{"&StackSetName=much-too-long", one + "Value 'much-too-long' at 'stackSetName' failed to satisfy constraint: Member must have length less than or equal to 8"},
		{"&StackSetName=1a", one + "Value '1a' at 'stackSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"},
		{"&StackSetName=a&Mode=MAYBE", one + "Value 'MAYBE' at 'mode' failed to satisfy constraint: Member must satisfy enum value set: [ON, OFF]"},
		{"&StackSetName=a&Count=9", one + "Value '9' at 'count' failed to satisfy constraint: Member must have value less than or equal to 5"},
		{"&StackSetName=a&Accounts.member.1=12", one + "Value '[12]' at 'accounts' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]{12}]"},
		{"&StackSetName=a&Pairs.member.1.Value=x", one + "Value null at 'pairs.1.member.key' failed to satisfy constraint: Member must not be null"},
		{"&StackSetName=a&Count=0&Mode=X", "2 validation errors detected: Value 'X' at 'mode' failed to satisfy constraint: Member must satisfy enum value set: [ON, OFF]; Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1"},
	} {
		err := query(t, "Action=Try"+c.body).Decode(&sample{})
		var got *core.Error
		if err != nil {
			got = AsError(err)
		}
		if got == nil || got.Code != "ValidationError" || got.Message != c.want {
			t.Errorf("%s\n got %v\nwant %s", c.body, got, c.want)
		}
	}
}

func TestQueryAnswersAsAWSPrintsThem(t *testing.T) {
	q := query(t, "Action=Internal")
	out := &result{
		Id: "a<b", Empty: []string{}, Names: []string{"x", "y"}, OU: ptr(""),
		At: time.Date(2019, 12, 4, 20, 34, 28, 543_999_999, time.UTC), Labels: map[string]string{"k": "v"},
	}
	want := `<InternalResponse xmlns="http://internal.example.com/"><InternalResult><Id>a&lt;b</Id><Empty/>` +
		`<Names><member>x</member><member>y</member></Names><OU/><At>2019-12-04T20:34:28.543Z</At><Count>0</Count>` +
		`<Labels><entry><key>k</key><value>v</value></entry></Labels><Ratio>0</Ratio><Disabled>false</Disabled></InternalResult>` +
		`<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></InternalResponse>` + "\n"
	if diff := cmp.Diff(want, string(q.Success(out, "r-1").Body)); diff != "" {
		t.Error(diff)
	}
	none := `<TryResponse xmlns="http://example.com/doc/"><TryResult/><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></TryResponse>` + "\n"
	if diff := cmp.Diff(none, string(query(t, "Action=Try").Success(&struct{}{}, "r-1").Body)); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsCarryTheirProtocolsEnvelope(t *testing.T) {
	e := &core.Error{Status: 409, Code: "OperationInProgressException", Message: "busy", Fields: map[string]string{"Reason": "R"}}
	for _, c := range []struct {
		q    *Request
		want string
	}{
		{&Request{Service: service(core.Query), Protocol: core.Query}, `<ErrorResponse xmlns="http://example.com/doc/"><Error><Type>Sender</Type>` +
			`<Code>OperationInProgressException</Code><Message>busy</Message><Reason>R</Reason></Error><RequestId>r-1</RequestId></ErrorResponse>` + "\n"},
		{&Request{Service: service(core.JSON11), Protocol: core.JSON11}, `{"Message":"busy","Reason":"R","__type":"OperationInProgressException"}`},
	} {
		a := c.q.Failure(e, "r-1")
		if diff := cmp.Diff(c.want, string(a.Body)); diff != "" {
			t.Error(diff)
		}
		if a.Status != 409 || a.Header.Get("X-Amzn-Requestid") != "r-1" {
			t.Errorf("status %d, headers %v", a.Status, a.Header)
		}
	}
}

func TestJSONRoundTrip(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(
		`{"StackSetName":"net","Accounts":[],"Count":2,"Since":1763632800.5,"Labels":{"k":"v"},"Inner":{"Regions":["a"]},"Unknown":[{}]}`))
	r.Header.Set("X-Amz-Target", "Test.Try")
	q, refused := Read(service(core.JSON11), r)
	if refused != nil {
		t.Fatal(refused)
	}
	var got sample
	if err := q.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := sample{
		StackSetName: "net", Accounts: []string{}, Count: ptr(int64(2)), Since: time.Unix(1763632800, 5e8).UTC(),
		Labels: map[string]string{"k": "v"}, Inner: &inner{Regions: []string{"a"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	out := &result{Id: "<", Empty: []string{}, At: time.Unix(1763632800, 123e6), Count: 7}
	if diff := cmp.Diff(`{"Id":"<","Empty":[],"At":1763632800.123,"Count":7,"Ratio":0,"Disabled":false}`, string(q.Success(out, "r").Body)); diff != "" {
		t.Error(diff)
	}
}

func TestCBORRoundTrip(t *testing.T) {
	in := result{
		Id: "ä", Empty: []string{}, Names: []string{"x"}, At: time.Unix(1763632800, 123e6).UTC(), Count: -70000,
		Labels: map[string]string{"k": "v"}, Ratio: 1.5, Disabled: true,
	}
	q := &Request{Service: service(core.RPCCBOR), Protocol: core.RPCCBOR}
	tree, err := parseCBOR(q.Success(&in, "r").Body)
	if err != nil {
		t.Fatal(err)
	}
	q.keep(tree, nil)
	var got result
	if err := q.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, got); diff != "" {
		t.Error(diff)
	}
}

func TestParamsAreTheSameInEveryProtocol(t *testing.T) {
	want := map[string]string{"StackSetName": "net", "Accounts": "1,2", "Pairs.1.Key": "a"}
	form := query(t, "Action=Try&Version=2010-05-15&StackSetName=net&Accounts.member.1=1&Accounts.member.2=2&Pairs.member.1.Key=a")
	if diff := cmp.Diff(want, form.Params()); diff != "" {
		t.Error(diff)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"StackSetName":"net","Accounts":["1","2"],"Pairs":[{"Key":"a"}]}`))
	r.Header.Set("X-Amz-Target", "Test.Try")
	q, refused := Read(service(core.JSON10), r)
	if refused != nil {
		t.Fatal(refused)
	}
	if diff := cmp.Diff(want, q.Params()); diff != "" {
		t.Error(diff)
	}
}

// anything is every way in, for the fuzz test and its seeds.
func anything(protocol int, body string) (*Request, *core.Error) {
	r := httptest.NewRequest("POST", "/service/Test/operation/Try", strings.NewReader(body))
	protocols := []core.Protocol{core.Query, core.JSON11, core.RPCCBOR}
	switch chosen := protocols[protocol%len(protocols)]; chosen {
	case core.RPCCBOR:
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	case core.JSON11:
		r.Header.Set("X-Amz-Target", "Test.Try")
	}
	return Read(service(protocols...), r)
}

func FuzzRead(f *testing.F) {
	f.Add(0, "Action=Try&StackSetName=net&Accounts.member.1=1&Pairs=&Labels.entry.1.key=k")
	f.Add(0, "Action=Try&a.b.c.d.e.f=1&a=2&Count=x")
	f.Add(1, `{"StackSetName":1,"Accounts":{"a":[]}}`)
	f.Add(2, "\xbf\x6cStackSetName\x63net\x68Accounts\x9f\xff\xff")
	f.Add(2, "\x9b\xff\xff\xff\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, protocol int, body string) {
		if protocol < 0 {
			return
		}
		q, refused := anything(protocol, body)
		if refused == nil {
			var in sample
			if err := q.Decode(&in); err != nil {
				refused = AsError(err)
			}
			q.Params()
		}
		if refused == nil {
			return
		}
		a := q.Failure(refused, "r")
		if a.Status < 400 || a.Status > 499 || refused.Code == "" || len(a.Body) == 0 {
			t.Errorf("%q is answered with %d %s %s", body, a.Status, refused.Code, a.Body)
		}
	})
}

func TestOversizedBodiesAreRefused(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("Action=Try&TemplateBody="+strings.Repeat("x", LargestBody)))
	_, refused := Read(service(core.Query), r)
	if refused == nil || refused.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("refused with %v", refused)
	}
}

func TestCompressedBodiesAreRead(t *testing.T) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if _, err := z.Write([]byte(`{"StackSetName":"net"}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{body.String(): "", "not gzip": "MalformedInput"} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(text))
		r.Header.Set("X-Amz-Target", "Test.Try")
		r.Header.Set("Content-Encoding", "gzip")
		q, refused := Read(service(core.JSON10), r)
		got := ""
		if refused != nil {
			got = refused.Code
		} else if q.Params()["StackSetName"] != "net" {
			t.Errorf("read as %v", q.Params())
		}
		if got != want {
			t.Errorf("refused with %q, want %q", got, want)
		}
	}
}

func TestAGzippedFloodIsCutOff(t *testing.T) {
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	if _, err := z.Write(make([]byte, 4*LargestBody)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", &body)
	r.Header.Set("Content-Encoding", "gzip")
	if _, refused := Read(service(core.Query), r); refused == nil || refused.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("refused with %v", refused)
	}
}
