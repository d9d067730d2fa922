package model

import "testing"

func TestServicesAreNamedAsInTheJavaSDK(t *testing.T) {
	for id, want := range map[string]string{
		"SSM": "Ssm", "SFN": "Sfn", "EC2": "Ec2", "Elastic Load Balancing v2": "ElasticLoadBalancingV2", "DynamoDB": "DynamoDb",
		"CloudWatch Logs": "CloudWatchLogs", "Config Service": "Config", "Database Migration Service": "DatabaseMigration", "SESv2": "SesV2",
		"WAFV2": "Wafv2", "IoT": "Iot", "IoTSiteWise": "IoTSiteWise", "IoT Data Plane": "IotDataPlane", "ApiGatewayV2": "ApiGatewayV2",
		"XRay": "XRay", "FSx": "FSx", "b2bi": "B2Bi", "Route 53": "Route53", "CloudHSM V2": "CloudHsmV2", "ECR PUBLIC": "EcrPublic",
		"Lex Model Building Service": "LexModelBuilding", "S3": "S3", "Directory Service": "Directory",
	} {
		if got := Class(id); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
}

func TestTheFactsAreComplete(t *testing.T) {
	operations := 0
	for _, name := range Names() {
		operations += len(Load(name).Operations)
	}
	if len(Names()) < 400 || operations < 18_000 {
		t.Errorf("%d services with %d operations", len(Names()), operations)
	}
	if len(archive) > 6<<20 {
		t.Errorf("the facts have %d bytes", len(archive))
	}
	if Load("nothing") != nil {
		t.Error("a service that there is not was loaded")
	}
}

// A new model may bring a protocol or a kind of value that the caller does not
// know.
func TestTheFactsHaveNothingThatTheCallerDoesNotKnow(t *testing.T) {
	kinds := map[Kind]bool{Structure: true, List: true, Map: true, String: true, Blob: true, Boolean: true, Integer: true, Long: true,
		Float: true, Double: true, Timestamp: true}
	protocols := map[string]bool{JSON: true, RESTJSON: true, RESTXML: true, Query: true, EC2: true}
	for _, name := range Names() {
		s := Load(name)
		if !protocols[s.Protocol] {
			t.Errorf("%s speaks %s", name, s.Protocol)
		}
		for _, shape := range s.Shapes {
			if !kinds[shape.Kind] {
				t.Errorf("%s has a %s", name, shape.Kind)
			}
		}
	}
}
