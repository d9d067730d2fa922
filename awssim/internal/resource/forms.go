package resource

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/catalogue"
)

// generated makes up the value of a read-only property or attribute in AWS's form,
// derived from the identity: by the schema's enumeration, type and pattern, the
// ARN's template, the prefixes of EC2's ids, and what such a name usually means.
// It is false for what cannot be made up, such as objects.
func (t *Type) generated(i *Identity, path string) (any, bool) {
	schema := t.Schema.Schema.At(strings.Split(path, "/")...)
	name := path[strings.LastIndexByte(path, '/')+1:]
	kind := "string"
	if schema != nil && len(schema.Types) > 0 {
		kind = schema.Types[0]
	} else if k := t.Schema.Attributes[strings.ReplaceAll(path, "/", ".")]; k != "" {
		kind = k
	}
	switch kind {
	case "array":
		return []any{}, true
	case "object":
		return nil, false
	case "boolean":
		return false, true
	case "integer", "number":
		return t.generatedNumber(name), true
	}
	if schema != nil && len(schema.Enum) > 0 {
		return likely(schema), true
	}
	return t.generatedText(i, schema, path, name), true
}

func (t *Type) generatedNumber(name string) any {
	switch {
	case strings.HasSuffix(name, "Port"):
		return "443"
	case strings.Contains(name, "Version") || strings.Contains(name, "Number"):
		return 1
	}
	return 0
}

// settled are the values that an enumeration of states has once all is done.
var settled = []string{"ACTIVE", "Active", "active", "AVAILABLE", "Available", "available", "ENABLED", "Enabled", "CREATED", "READY", "COMPLETED",
	"COMPLETE", "CREATE_COMPLETE", "RUNNING", "running", "SUCCEEDED", "OK", "DEPLOYED", "InService", "IN_SERVICE"}

// likely is the value of an enumeration that a resource has once it is made.
func likely(s *catalogue.Schema) any {
	for _, v := range settled {
		if slices.Contains(s.Enum, any(v)) {
			return v
		}
	}
	return s.Enum[0]
}

// ec2 are the prefixes of EC2's ids, by resource.
var ec2 = map[string]string{
	"CapacityReservation": "cr", "CapacityReservationFleet": "crf", "CarrierGateway": "cagw", "ClientVpnEndpoint": "cvpn-endpoint",
	"ClientVpnTargetNetworkAssociation": "cvpn-assoc", "CustomerGateway": "cgw", "DHCPOptions": "dopt", "EC2Fleet": "fleet",
	"EgressOnlyInternetGateway": "eigw", "EIPAssociation": "eipassoc", "FlowLog": "fl", "Host": "h", "IPAM": "ipam", "IPAMPool": "ipam-pool",
	"IPAMPoolCidr": "ipam-pool-cidr", "IPAMResourceDiscovery": "ipam-res-disco", "IPAMResourceDiscoveryAssociation": "ipam-res-disco-assoc",
	"IPAMScope": "ipam-scope", "Instance": "i", "InstanceConnectEndpoint": "eice", "InternetGateway": "igw", "LaunchTemplate": "lt",
	"LocalGatewayRouteTable": "lgw-rtb", "NatGateway": "nat", "NetworkAcl": "acl", "NetworkInsightsAccessScope": "nis",
	"NetworkInsightsAccessScopeAnalysis": "nisa", "NetworkInsightsAnalysis": "nia", "NetworkInsightsPath": "nip", "NetworkInterface": "eni",
	"NetworkInterfaceAttachment": "eni-attach", "NetworkInterfacePermission": "eni-perm", "NetworkPerformanceMetricSubscription": "npms",
	"PrefixList": "pl", "RouteServer": "rs", "RouteServerEndpoint": "rse", "RouteServerPeer": "rsp", "RouteTable": "rtb", "SecurityGroup": "sg",
	"SecurityGroupEgress": "sgr", "SecurityGroupIngress": "sgr", "SnapshotBlockPublicAccess": "sbpa", "SpotFleet": "sfr", "Subnet": "subnet",
	"SubnetCidrBlock": "subnet-cidr-assoc", "SubnetNetworkAclAssociation": "aclassoc", "SubnetRouteTableAssociation": "rtbassoc",
	"GatewayRouteTableAssociation": "rtbassoc", "TrafficMirrorFilter": "tmf", "TrafficMirrorFilterRule": "tmfr", "TrafficMirrorSession": "tms",
	"TrafficMirrorTarget": "tmt", "TransitGateway": "tgw", "TransitGatewayAttachment": "tgw-attach", "TransitGatewayConnect": "tgw-attach",
	"TransitGatewayConnectPeer": "tgw-connect-peer", "TransitGatewayMulticastDomain": "tgw-mcast-domain",
	"TransitGatewayPeeringAttachment": "tgw-attach", "TransitGatewayRouteTable": "tgw-rtb", "TransitGatewayVpcAttachment": "tgw-attach",
	"VPC": "vpc", "VPCCidrBlock": "vpc-cidr-assoc", "VPCEndpoint": "vpce", "VPCEndpointService": "vpce-svc", "VPCPeeringConnection": "pcx",
	"VPNConnection": "vpn", "VPNGateway": "vgw", "VerifiedAccessEndpoint": "vae", "VerifiedAccessGroup": "vagr", "VerifiedAccessInstance": "vai",
	"VerifiedAccessTrustProvider": "vatp", "Volume": "vol", "KeyPair": "key", "PlacementGroup": "pg", "VPCBlockPublicAccessExclusion": "vpcbpa-exclude",
	"Image": "ami", "Vpc": "vpc", "Eni": "eni", "TransitGatewayMeteringPolicy": "tgw-mp",
}

// shapes are the forms of ids of other services, by type; a name without :: holds
// for any type of that service.
var shapes = map[string]string{
	"ApiGateway": "lower10", "ApiGatewayV2": "lower10", "AppConfig": "lower7", "Cognito": "mixed26", "CloudFront": "upper14", "Route53": "upper21",
	"Route53Resolver": "rslvr-hex17", "AppSync": "lower26", "Organizations": "lower10", "ServiceDiscovery": "lower16", "GuardDuty": "hex32",
	"ServiceCatalog": "lower13", "Bedrock": "upper10", "DirectConnect": "lower8", "FSx": "fs-hex17", "DataPipeline": "df-upper20",
	"AWS::Cognito::IdentityPool": "{region}:uuid", "AWS::AppSync::ApiKey": "da2-lower26", "AWS::EFS::AccessPoint": "fsap-hex17",
	"AWS::EFS::MountTarget": "fsmt-hex17", "AWS::SSM::MaintenanceWindow": "mw-hex17", "AWS::SSM::PatchBaseline": "pb-hex17",
	"AWS::Route53::HealthCheck": "uuid", "AWS::Route53Resolver::ResolverEndpoint": "rslvr-in-hex17", "AWS::Route53Resolver::ResolverRule": "rslvr-rr-hex17",
	"AWS::Route53Resolver::ResolverRuleAssociation": "rslvr-rrassoc-hex17", "AWS::ServiceDiscovery::Service": "srv-lower16",
	"AWS::ServiceDiscovery::HttpNamespace": "ns-lower16", "AWS::ServiceDiscovery::PrivateDnsNamespace": "ns-lower16",
	"AWS::ServiceDiscovery::PublicDnsNamespace": "ns-lower16", "AWS::ServiceCatalog::Portfolio": "port-lower13", "AWS::ServiceCatalog::CloudFormationProduct": "prod-lower13",
	"AWS::ServiceCatalog::TagOption": "tag-lower13", "AWS::Organizations::OrganizationalUnit": "ou-lower4-lower8", "AWS::Organizations::Policy": "p-lower8",
	"AWS::DLM::LifecyclePolicy": "policy-hex17", "AWS::FIS::ExperimentTemplate": "EXTmixed16", "AWS::Detective::Graph": "hex32",
	"AWS::Config::ConfigRule": "config-rule-lower6", "AWS::Transfer::Server": "s-hex17", "AWS::Transfer::Workflow": "w-hex17", "AWS::DAX::Cluster": "name",
	"AWS::EMR::Cluster": "j-upper13", "AWS::EMR::Step": "s-upper13", "AWS::CloudFront::KeyGroup": "uuid", "AWS::CloudFront::CachePolicy": "uuid",
	"AWS::CloudFront::OriginRequestPolicy": "uuid", "AWS::CloudFront::ResponseHeadersPolicy": "uuid", "AWS::CloudFront::ContinuousDeploymentPolicy": "uuid",
	"AWS::CloudFront::PublicKey": "Kupper13", "AWS::Cognito::UserPoolClient": "lower26", "AWS::Budgets::BudgetsAction": "uuid", "AWS::Amplify::App": "dlower13",
}

var shapeToken = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(hex|upper|lower|digits|mixed)\d+|uuid`) })

// generatedText makes up a text.
func (t *Type) generatedText(i *Identity, schema *catalogue.Schema, path, name string) string {
	service, thing := t.split()
	lower := strings.ToLower(name)
	switch {
	case strings.HasSuffix(lower, "arn"):
		return t.generatedARN(i, name)
	case lower == "ownerid" || strings.HasSuffix(lower, "accountid") || lower == "registryid" && service == "ECR":
		return i.Account
	case lower == "region":
		return i.Region
	case lower == "availabilityzone":
		return i.Region + "a"
	case service == "EC2" && strings.HasSuffix(name, "Id"):
		if prefix := ec2Prefix(thing, name); prefix != "" {
			return prefix + "-" + i.randomFor("hex17", path)
		}
	}
	if name == "Id" || strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "Identifier") {
		if shape := t.shape(service); shape != "" && t.own(name, thing) {
			return t.shaped(i, shape, path)
		}
	}
	if schema != nil && schema.Pattern != "" {
		if text, ok := fromPattern(i, schema.Pattern, path); ok {
			return text
		}
	}
	switch {
	case strings.HasSuffix(name, "Name") && t.own(strings.TrimSuffix(name, "Name")+"Id", thing):
		return t.name(i)
	case name == "Id" && service != "EC2" && t.NameProperty == "":
		return t.expand("{stack}-{logical}-", i, "") + i.randomFor("upper12", path)
	case name == "Id" && t.NameProperty != "":
		return t.name(i)
	case strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "Identifier") || strings.HasSuffix(name, "Token"):
		return i.uuidFor(path)
	case strings.HasSuffix(name, "Time") || strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "At") || strings.HasSuffix(name, "Timestamp") ||
		strings.HasSuffix(name, "Updated") || strings.HasSuffix(name, "Modified") || name == "Created":
		return "2026-01-01T00:00:00Z"
	case strings.Contains(name, "Version"):
		return "1"
	case strings.HasSuffix(name, "Status") || strings.HasSuffix(name, "State"):
		return "ACTIVE"
	case strings.HasSuffix(lower, "url") || strings.HasSuffix(lower, "uri") || strings.HasSuffix(name, "Endpoint"):
		return "https://" + i.randomFor("lower10", "") + "." + t.Prefix + "." + i.Region + "." + domain(i)
	case strings.HasSuffix(name, "Address") || strings.HasSuffix(name, "Domain") || strings.HasSuffix(name, "DomainName") || strings.HasSuffix(lower, "dnsname"):
		return i.randomFor("lower10", "") + "." + t.Prefix + "." + i.Region + "." + domain(i)
	case strings.HasSuffix(name, "Port"):
		return "443"
	}
	return ""
}

// domain is AWS's domain in the partition.
func domain(i *Identity) string {
	if i.Partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// own reports whether a name such as QueueId means the resource itself.
func (t *Type) own(name, thing string) bool {
	stem := strings.TrimSuffix(strings.TrimSuffix(name, "Identifier"), "Id")
	return stem == "" || strings.EqualFold(stem, thing) || strings.HasSuffix(strings.ToLower(thing), strings.ToLower(stem)) ||
		slices.Contains(t.Schema.Identifier, name) || slices.Contains(t.refs, name)
}

func ec2Prefix(thing, name string) string {
	if stem := strings.TrimSuffix(name, "Id"); stem != "" && ec2[stem] != "" {
		return ec2[stem]
	}
	return ec2[thing]
}

func (t *Type) shape(service string) string {
	if s := shapes[t.Name]; s != "" {
		return s
	}
	return shapes[service]
}

// shaped fills a shape in.
func (t *Type) shaped(i *Identity, shape, path string) string {
	if shape == "name" {
		return t.name(i)
	}
	return shapeToken().ReplaceAllStringFunc(strings.ReplaceAll(shape, "{region}", i.Region), func(token string) string {
		if token == "uuid" {
			return i.uuidFor(path)
		}
		return i.randomFor(token, path)
	})
}

// generatedARN is the resource's ARN by its service's template, or in the usual
// form.
func (t *Type) generatedARN(i *Identity, name string) string {
	form := t.Schema.ARN
	if form == "" {
		_, thing := t.split()
		form = "arn:${Partition}:" + t.Prefix + ":${Region}:${Account}:" + kebab(thing) + "/${Id}"
	}
	var b strings.Builder
	for {
		before, rest, more := strings.Cut(form, "${")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		var variable string
		variable, form, _ = strings.Cut(rest, "}")
		b.WriteString(t.arnPart(i, variable))
	}
}

// arnPart is a variable of an ARN's template.
func (t *Type) arnPart(i *Identity, variable string) string {
	switch variable {
	case "Partition":
		return i.Partition
	case "Region":
		return i.Region
	case "Account":
		return i.Account
	}
	s := t.Schema
	for _, p := range []string{variable, strings.ToUpper(variable[:1]) + variable[1:]} {
		if s.Schema.Properties[p] != nil && !strings.HasSuffix(strings.ToLower(p), "arn") {
			if text := t.text(i, p); text != "" && !strings.HasPrefix(text, "arn:") {
				return text
			}
		}
	}
	for _, p := range s.Identifier { // the last identifier that is no ARN
		if !strings.HasSuffix(strings.ToLower(p), "arn") && !strings.Contains(p, "/") && len(s.Identifier) == 1 {
			return t.text(i, p)
		}
	}
	_, thing := t.split()
	for _, p := range []string{thing + "Id", "Id", "Identifier", thing + "Identifier"} {
		if s.Schema.Properties[p] != nil {
			return t.text(i, p)
		}
	}
	if t.NameProperty != "" && !strings.HasSuffix(variable, "Id") {
		return t.name(i)
	}
	if shape := t.shape(strings.Split(t.Name, "::")[1]); shape != "" {
		return t.shaped(i, shape, variable)
	}
	if t.NameProperty != "" && t.usesName() {
		return t.name(i)
	}
	return i.uuidFor(variable)
}

var humps = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([a-z0-9])([A-Z])`) })

// kebab writes QueuePolicy as queue-policy.
func kebab(s string) string { return strings.ToLower(humps().ReplaceAllString(s, "$1-$2")) }
