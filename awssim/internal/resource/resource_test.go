package resource

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/awssim/internal/catalogue"
	"github.com/setmend/setmend/awssim/internal/template"
)

func identity(properties map[string]any) *Identity {
	return &Identity{Account: "111122223333", Region: "eu-west-1", Partition: "aws",
		StackID: "arn:aws:cloudformation:eu-west-1:111122223333:stack/app/u", Stack: "app", LogicalID: "Thing", Properties: properties}
}

func TestPhysicalIDsHaveTheFormsOfAWS(t *testing.T) {
	tests := []struct {
		typ        string
		properties map[string]any
		form       string
	}{
		{"AWS::S3::Bucket", nil, `app-thing-[a-z0-9]{12}`},
		{"AWS::S3::Bucket", map[string]any{"BucketName": "mine"}, `mine`},
		{"AWS::SNS::Topic", nil, `arn:aws:sns:eu-west-1:111122223333:app-Thing-[A-Z0-9]{12}`},
		{"AWS::SQS::Queue", map[string]any{"QueueName": "q"}, `https://sqs\.eu-west-1\.amazonaws\.com/111122223333/q`},
		{"AWS::IAM::Role", nil, `app-Thing-[A-Z0-9]{12}`},
		{"AWS::EC2::VPC", nil, `vpc-[0-9a-f]{17}`},
		{"AWS::KMS::Key", nil, `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}`},
		{"AWS::IAM::ManagedPolicy", nil, `arn:aws:iam::111122223333:policy/app-Thing-[A-Z0-9]{12}`},
		{"AWS::Lambda::Function", map[string]any{"FunctionName": "f"}, `f`},
		{"AWS::Lambda::Function", nil, `app-Thing-[A-Za-z0-9]{12}`},
		{"AWS::SSM::Parameter", nil, `CFN-Thing-[A-Za-z0-9]{12}`}, // recorded
		{"AWS::Events::Rule", map[string]any{"Name": "r", "EventBusName": "default"}, `r`},
		{"AWS::Events::Rule", map[string]any{"Name": "r", "EventBusName": "arn:aws:events:eu-west-1:1:event-bus/b"}, `b\|r`}, // recorded
		{"AWS::EC2::NetworkInterface", nil, `eni-[0-9a-f]{17}`},                                                              // from the schema from here on
		{"AWS::EC2::TransitGatewayRouteTable", nil, `tgw-rtb-[0-9a-f]{17}`},
		{"AWS::AppConfig::Environment", map[string]any{"ApplicationId": "abc"}, `[a-z0-9]{7}`},
		{"AWS::AppConfig::Application", nil, `[a-z0-9]{7}`},
		{"AWS::Athena::WorkGroup", map[string]any{"Name": "wg"}, `wg`},
		{"AWS::CloudFront::CachePolicy", nil, `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}`},
		{"AWS::Glue::Job", map[string]any{"Name": "j"}, `j`},
		{"AWS::RolesAnywhere::Profile", nil, `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`},
		{"AWS::ServiceCatalog::Portfolio", nil, `port-[a-z0-9]{13}`},
		{"AWS::CodeArtifact::Domain", map[string]any{"DomainName": "d"}, `arn:aws:codeartifact:eu-west-1:111122223333:domain/d`},
		{"AWS::Organizations::OrganizationalUnit", nil, `ou-[a-z0-9]{4}-[a-z0-9]{8}`},
		{"AWS::Route53Resolver::ResolverEndpoint", nil, `rslvr-in-[0-9a-f]{17}`},
		{"AWS::APIGateway::New", map[string]any{"NewName": "w"}, `w`},
		{"AWS::New::Widget", map[string]any{"WidgetName": "w"}, `w`},
		{"AWS::New::Widget", nil, `app-Thing-[A-Z0-9]{12}`},
		{"Custom::Thing", map[string]any{"Name": "w"}, `app-Thing-[A-Z0-9]{12}`},
	}
	for _, test := range tests {
		got := Find(test.typ).PhysicalID(identity(test.properties))
		if !regexp.MustCompile("^" + test.form + "$").MatchString(got) {
			t.Errorf("%s: %s is not of the form %s", test.typ, got, test.form)
		}
	}
}

func TestEveryTypeInTheCatalogIsComplete(t *testing.T) {
	for _, name := range Names() {
		typ := Find(name)
		id := typ.PhysicalID(identity(map[string]any{}))
		if id == "" && !strings.HasPrefix(typ.ID, "{prop:") || strings.ContainsAny(id, "{}") {
			t.Errorf("%s is called %q", name, id)
		}
		for attribute := range typ.Attributes {
			v, ok := typ.Attribute(identity(map[string]any{}), attribute)
			if text := JSON(v); !ok || strings.Contains(text, "{") && text != `"{}"` {
				t.Errorf("%s.%s = %s", name, attribute, text)
			}
		}
		for _, action := range []string{typ.Create, typ.Update, typ.Delete, typ.Read} {
			if !regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`).MatchString(action) {
				t.Errorf("%s has the IAM action %q", name, action)
			}
		}
	}
}

func TestAttributesThatAreListsYieldLists(t *testing.T) {
	v, _ := Find("AWS::Route53::HostedZone").Attribute(identity(nil), "NameServers")
	if list, ok := v.([]any); !ok || len(list) != 4 {
		t.Errorf("%v", v)
	}
	if v, _ := Find("AWS::EC2::VPC").Attribute(identity(nil), "Ipv6CidrBlocks"); JSON(v) != "[]" {
		t.Errorf("%v", v)
	}
}

func TestPatternsUseKnownTokensOnly(t *testing.T) {
	token := regexp.MustCompile(`\{([^}]+)\}`)
	known := regexp.MustCompile(`^(name|id|bus[|/]|account|region|partition|stack|logical|uuid|prop:\w+|(hex|upper|lower|digits|mixed)\d+)$`)
	for _, name := range Names() {
		typ := Find(name)
		patterns := []string{typ.ID, typ.Identifier}
		for _, p := range typ.Attributes {
			patterns = append(patterns, p)
		}
		for _, p := range patterns {
			for _, m := range token.FindAllStringSubmatch(p, -1) {
				if !known.MatchString(m[1]) {
					t.Errorf("%s: %s in %q", name, m[0], p)
				}
			}
		}
	}
}

func TestGeneratedNamesStayWithinTheServicesLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := identity(nil)
		i.Stack = strings.Repeat("s", rapid.IntRange(1, 128).Draw(t, "stack"))
		i.LogicalID = strings.Repeat("l", rapid.IntRange(1, 255).Draw(t, "logical"))
		typ := Find(rapid.SampledFrom([]string{"AWS::IAM::Role", "AWS::S3::Bucket", "AWS::ElasticLoadBalancingV2::TargetGroup"}).Draw(t, "type"))
		if name := typ.name(i); len(name) > typ.NameMax {
			t.Fatalf("%s has %d characters", name, len(name))
		}
	})
}

func TestAGenerationHasItsOwnIDs(t *testing.T) {
	i := identity(nil)
	typ := Find("AWS::EC2::VPC")
	first := typ.PhysicalID(i)
	if again := typ.PhysicalID(i); again != first {
		t.Errorf("%s became %s by asking twice", first, again)
	}
	i.Generation++
	if typ.PhysicalID(i) == first {
		t.Error("a replacement has its predecessor's id")
	}
}

func TestDiffReportsAsDriftDetectionDoes(t *testing.T) {
	expected := map[string]any{
		"DelaySeconds":  template.Number("5"),
		"RedrivePolicy": map[string]any{"maxReceiveCount": template.Number("10"), "deadLetterTargetArn": "arn:a"},
		"Tags":          []any{map[string]any{"Key": "a", "Value": "1"}, map[string]any{"Key": "b", "Value": "2"}},
		"QueueName":     "q",
		"FifoQueue":     true,
	}
	live := map[string]any{
		"DelaySeconds":  "5", // equal by its text
		"RedrivePolicy": map[string]any{"maxReceiveCount": 3, "extra": "x", "deadLetterTargetArn": "arn:a"},
		"Tags":          []any{map[string]any{"Key": "c", "Value": "3"}, map[string]any{"Key": "b", "Value": "2"}, map[string]any{"Key": "a", "Value": "1"}},
		"FifoQueue":     true,
		"Unmentioned":   "is no drift",
	}
	want := []Difference{
		{"/QueueName", "q", "null", "REMOVE"},
		{"/RedrivePolicy/extra", "null", "x", "ADD"},
		{"/RedrivePolicy/maxReceiveCount", "10", "3", "NOT_EQUAL"},
		{"/Tags/0", "null", `{"Key":"c","Value":"3"}`, "ADD"},
	}
	if diff := cmp.Diff(want, Find("AWS::SQS::Queue").Diff(identity(nil), expected, live)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteOnlyAndKMSKeysAreNotCompared(t *testing.T) {
	got := Find("AWS::Lambda::Function").Diff(identity(nil), map[string]any{"Code": "a", "KmsKeyId": "k", "Timeout": 1}, map[string]any{"Timeout": 2})
	if len(got) != 1 || got[0].Path != "/Timeout" {
		t.Errorf("%v", got)
	}
}

func TestADocumentNeverDiffersFromItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "value")
		if got := Find("AWS::X::Y").Diff(identity(nil), map[string]any{"P": v}, map[string]any{"P": template.Clone(v)}); len(got) != 0 {
			t.Fatalf("%v", got)
		}
	})
}

func value(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil))
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar,
		rapid.SliceOfN(value(depth-1), 0, 4).AsAny(),
		rapid.MapOfN(rapid.StringMatching(`[a-c]`), value(depth-1), 0, 3).AsAny())
}

func TestPointersSetInsertAndRemove(t *testing.T) {
	type op func(any, string, any) (any, error)
	remove := func(d any, p string, _ any) (any, error) { return Remove(d, p) }
	tests := []struct {
		op      op
		pointer string
		want    string // "" for an error
	}{
		{Set, "/a", `{"a":"new","l":[1,2],"m":{"x":"y"}}`},
		{Set, "/l/0", `{"l":["new",2],"m":{"x":"y"}}`},
		{Set, "/l/-", `{"l":[1,2,"new"],"m":{"x":"y"}}`},
		{Set, "/l/5", ""},
		{Set, "/l/01", ""},
		{Set, "/deep/er", `{"deep":{"er":"new"},"l":[1,2],"m":{"x":"y"}}`},
		{Set, "/m/x/z", ""},
		{Set, "no-slash", ""},
		{Insert, "/l/0", `{"l":["new",1,2],"m":{"x":"y"}}`},
		{Insert, "/l/2", `{"l":[1,2,"new"],"m":{"x":"y"}}`},
		{Insert, "/m/a~1b~0c", `{"l":[1,2],"m":{"a/b~c":"new","x":"y"}}`},
		{remove, "/l/0", `{"l":[2],"m":{"x":"y"}}`},
		{remove, "/m/x", `{"l":[1,2],"m":{}}`},
		{remove, "/m/nothing", ""},
		{remove, "/" + strings.Repeat("a/", 200), ""},
	}
	for _, test := range tests {
		document := map[string]any{"l": []any{1, 2}, "m": map[string]any{"x": "y"}}
		got, err := test.op(document, test.pointer, "new")
		switch {
		case err != nil && test.want != "":
			t.Errorf("%s: %v", test.pointer, err)
		case err == nil && JSON(got) != test.want:
			t.Errorf("%s: got %s, want %s", test.pointer, JSON(got), test.want)
		}
	}
}

func TestCloudControlIdentifiersAreCompound(t *testing.T) {
	tests := []struct {
		typ        string
		properties map[string]any
		form       string
	}{
		{"AWS::ApiGateway::Resource", map[string]any{"RestApiId": "api"}, `api\|[a-z0-9]{10}`},
		{"AWS::ECS::Service", map[string]any{"Cluster": "c", "ServiceName": "s"}, `arn:aws:ecs:eu-west-1:111122223333:service/s\|c`},
		{"AWS::Cognito::UserPoolClient", map[string]any{"UserPoolId": "eu-west-1_x"}, `eu-west-1_x\|[a-z0-9]{26}`},
		{"AWS::ApiGatewayV2::Route", map[string]any{"ApiId": "a"}, `a\|[a-z0-9]{10}`},
		{"AWS::SNS::Topic", map[string]any{"TopicName": "t"}, `arn:aws:sns:eu-west-1:111122223333:t`},
	}
	for _, test := range tests {
		got := Find(test.typ).CloudControlID(identity(test.properties))
		if !regexp.MustCompile("^" + test.form + "$").MatchString(got) {
			t.Errorf("%s: %s is not of the form %s", test.typ, got, test.form)
		}
	}
}

func TestAttributesFollowFromSchemas(t *testing.T) {
	tests := []struct{ typ, attribute, form string }{ // "" for no such attribute
		{"AWS::SNS::Topic", "DisplayName", "hello"}, // every property of this type
		{"AWS::SSM::Parameter", "Invalid", ""},
		{"AWS::SSM::Parameter", "Value", "v"},
		{"AWS::EC2::NetworkInterface", "PrimaryPrivateIpAddress", ".+"},
		{"AWS::Glue::Job", "Name", ""},
		{"AWS::AppFlow::Flow", "FlowArn", `arn:aws:appflow:eu-west-1:111122223333:flow/app-Thing-[A-Z0-9]{12}`},
		{"AWS::RDS::DBCluster", "Endpoint.Address", `.+\.rds\.amazonaws\.com`},
		{"AWS::RDS::DBCluster", "Endpoint.Nothing", ""},
		{"AWS::WAFv2::IPSet", "Id", `[0-9a-f-]{36}`},
		{"AWS::MediaLive::Channel", "Arn", `arn:aws:medialive:eu-west-1:111122223333:channel.+`},
		{"Custom::Anything", "Whatever", ".+"},
	}
	for _, test := range tests {
		v, ok := Find(test.typ).Attribute(identity(map[string]any{"DisplayName": "hello", "Value": "v"}), test.attribute)
		text, _ := template.Text(v)
		if ok != (test.form != "") || ok && !regexp.MustCompile("^"+test.form+"$").MatchString(text) {
			t.Errorf("%s.%s = %v, %v", test.typ, test.attribute, v, ok)
		}
	}
}

func TestReplacementFollowsTheSchema(t *testing.T) {
	object := func(k string, v any) map[string]any { return map[string]any{k: v} }
	tests := []struct {
		typ, property string
		before, after any
		want          bool
	}{
		{"AWS::EC2::NetworkInterface", "SubnetId", "a", "b", true},
		{"AWS::EC2::NetworkInterface", "Description", "a", "b", false},
		{"AWS::SQS::Queue", "QueueName", "a", "b", true},
		{"AWS::Cognito::UserPool", "UserPoolName", "a", "b", false},
		// create-only members: the rest of the object can be updated
		{"AWS::EC2::EC2Fleet", "TargetCapacitySpecification", object("DefaultTargetCapacityType", "a"), object("DefaultTargetCapacityType", "b"), true},
		{"AWS::EC2::EC2Fleet", "TargetCapacitySpecification", object("TotalTargetCapacity", "1"), object("TotalTargetCapacity", "2"), false},
		{"AWS::EC2::TransitGatewayConnectPeer", "ConnectPeerConfiguration", object("BgpConfigurations", []any{object("PeerAsn", "1")}),
			object("BgpConfigurations", []any{object("PeerAsn", "2")}), true},
		{"AWS::New::Widget", "Colour", "a", "b", false},
	}
	for _, test := range tests {
		if got := Find(test.typ).ReplacedBy(test.property, test.before, test.after, nil); got != test.want {
			t.Errorf("%s: changing %s from %v to %v replaces: %v", test.typ, test.property, test.before, test.after, got)
		}
	}
}

func TestEveryTypeHasAnIdAndItsAttributes(t *testing.T) {
	n := 0
	for name := range catalogue.Names() {
		if n++; n%11 != 0 { // a sample
			continue
		}
		typ := Find(name)
		i := identity(map[string]any{})
		if id := typ.PhysicalID(i); strings.ContainsAny(id, "{}$") || id != typ.PhysicalID(i) {
			t.Errorf("%s is called %q", name, id)
		}
		for _, path := range typ.Schema.ReadOnly {
			if _, ok := typ.Attribute(i, strings.ReplaceAll(path, "/", ".")); !ok && !strings.Contains(path, "*") {
				t.Errorf("%s has no attribute %s", name, path)
			}
		}
		if model := typ.Model(i); model == nil {
			t.Errorf("%s has no model", name)
		}
	}
}

func TestTextsAreMadeFromPatterns(t *testing.T) {
	for _, pattern := range []string{`^[0-9a-f]{32}$`, `^sp-[0-9a-f]{32}$`, `^(?:[a-z]{2}-)?x[0-9]{3,5}$`, `^[A-Z0-9]{10}$`, `^dzd[-_][a-zA-Z0-9_-]{1,36}$`} {
		text, ok := fromPattern(identity(nil), pattern, "test")
		if !ok || !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%s: %q, %v", pattern, text, ok)
		}
	}
	for _, pattern := range []string{`^.*$`, `^(?=x)y$`, `^arn:aws:x$`, ""} {
		if text, ok := fromPattern(identity(nil), pattern, "test"); ok {
			t.Errorf("%s: %q", pattern, text)
		}
	}
}

func TestWhatReadsTheSameIsNoDrift(t *testing.T) {
	document := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow"}}}
	tests := []struct {
		typ, property  string
		expected, live any
		drift          bool
	}{
		{"AWS::IAM::Role", "AssumeRolePolicyDocument", document, JSON(document), false},
		{"AWS::IAM::Role", "AssumeRolePolicyDocument", document, `{"Version":"2012-10-17","Statement":[]}`, true},
		{"AWS::RDS::DBInstance", "Engine", "MySQL", "mysql", false},
		{"AWS::RDS::DBInstance", "Engine", "MySQL", "postgres", true},
		{"AWS::SQS::Queue", "DelaySeconds", "5", template.Number("5"), false},
		{"AWS::EC2::SecurityGroup", "SecurityGroupIngress", []any{map[string]any{"IpProtocol": "TCP", "CidrIp": "10.0.0.0/8"}, map[string]any{"IpProtocol": "udp"}},
			[]any{map[string]any{"IpProtocol": "udp"}, map[string]any{"IpProtocol": "tcp", "CidrIp": "10.0.0.0/8"}}, false},
		{"AWS::RDS::DBInstance", "MasterUserPassword", "a", "b", false}, // cannot be read
	}
	for _, test := range tests {
		got := Find(test.typ).Diff(identity(nil), map[string]any{test.property: test.expected}, map[string]any{test.property: test.live})
		if (len(got) > 0) != test.drift {
			t.Errorf("%s.%s: %v against %v: %v", test.typ, test.property, test.expected, test.live, got)
		}
	}
}

func TestQuirksOfDriftDetectionCanBeSwitched(t *testing.T) {
	found := []Difference{{"/Policies/0", "null", "{}", "ADD"}, {"/Path", "/", "/a/", "NOT_EQUAL"}}
	byDefault, err := NewQuirks(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := byDefault.Adjust("AWS::IAM::Role", nil, found); len(got) != 1 || got[0].Path != "/Path" {
		t.Errorf("an added policy is seen: %v", got) // fact 56
	}
	if !byDefault.Unsupported("AWS::Lambda::EventSourceMapping") || byDefault.Deleted("AWS::SSM::ServiceSetting") {
		t.Error("blindness is not on, or noise not off")
	}
	none, _ := NewQuirks([]string{"none"})
	if got := none.Adjust("AWS::IAM::Role", nil, found); len(got) != 2 || none.Unsupported("AWS::Lambda::EventSourceMapping") {
		t.Errorf("quirks that are off: %v", got)
	}
	some, _ := NewQuirks([]string{"query-definition", "-iam-role-inline-policies"})
	if got := some.Adjust("AWS::Logs::QueryDefinition", map[string]any{"Name": "q"}, nil); len(got) != 1 || got[0].Type != "REMOVE" {
		t.Errorf("%v", got) // fact 60
	}
	if got := some.Adjust("AWS::IAM::Role", nil, found); len(got) != 2 {
		t.Errorf("%v", got)
	}
	if _, err := NewQuirks([]string{"nonsense"}); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Error(err)
	}
	if n := len(QuirkNames()); n != len(quirks()) || n < 17 {
		t.Errorf("%d quirks", n)
	}
}
