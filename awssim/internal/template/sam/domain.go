package sam

// domain makes an API's own domain name with its mappings and records.
func (r *resource) domain(a *api) {
	config := mapOf(r.t.value(r.properties.Get("Domain")))
	if config == nil {
		return
	}
	name, certificate := config.Get("DomainName"), config.Get("CertificateArn")
	if name == nil || certificate == nil {
		r.invalid("Custom Domains only works if both DomainName and CertificateArn are provided.")
		return
	}
	endpoint := config.Get("EndpointConfiguration")
	if endpoint == nil {
		endpoint = "REGIONAL"
	}
	if endpoint != "EDGE" && endpoint != "REGIONAL" || a.http && endpoint == "EDGE" {
		r.invalid("the embedded AWS does not transform a Domain whose EndpointConfiguration is not REGIONAL or EDGE")
		return
	}
	var id string
	if a.http {
		id = r.httpDomain(config, name, certificate, endpoint)
	} else {
		id = r.restDomain(config, name, certificate, endpoint)
	}
	r.t.renamed[r.id+".DomainName"] = id
	r.records(a, config, id, endpoint)
}

func (r *resource) restDomain(config object, name, certificate, endpoint any) string {
	id := "ApiGatewayDomainName" + digest(name)
	out := obj("DomainName", name, "EndpointConfiguration", obj("Types", []any{endpoint}))
	if endpoint == "EDGE" {
		out.Set("CertificateArn", certificate)
	} else {
		out.Set("RegionalCertificateArn", certificate)
	}
	pass(out, config, "MutualTlsAuthentication", "SecurityPolicy", "OwnershipVerificationCertificateArn")
	r.add(id, "AWS::ApiGateway::DomainName", out)
	stage := ref(r.id + ".Stage")
	for _, base := range r.basePaths(config) {
		out := obj("DomainName", ref(id), "RestApiId", ref(r.id), "Stage", clone(stage))
		if base != "" {
			out.Set("BasePath", r.mappedPath(config, base))
		}
		r.add(r.id+plainText(base)+"BasePathMapping", "AWS::ApiGateway::BasePathMapping", out)
	}
	return id
}

func (r *resource) httpDomain(config object, name, certificate, endpoint any) string {
	id := "ApiGatewayDomainNameV2" + digest(name)
	configuration := obj("CertificateArn", certificate, "EndpointType", endpoint)
	pass(configuration, config, "SecurityPolicy", "OwnershipVerificationCertificateArn")
	r.add(id, "AWS::ApiGatewayV2::DomainName", obj("DomainName", name, "DomainNameConfigurations", []any{configuration},
		"MutualTlsAuthentication", config.Get("MutualTlsAuthentication"), "Tags", r.httpTags()))
	for _, base := range r.basePaths(config) {
		out := obj("DomainName", ref(id), "ApiId", ref(r.id), "Stage", ref(r.id+".Stage"))
		if base != "" {
			out.Set("ApiMappingKey", r.mappedPath(config, base))
		}
		r.add(r.id+plainText(base)+"ApiMapping", "AWS::ApiGatewayV2::ApiMapping", out)
	}
	return id
}

// basePaths are the paths below which the API is reached; "" is the root.
func (r *resource) basePaths(config object) []string {
	var out []string
	for _, one := range listOf(config.Get("BasePath")) {
		if s, ok := r.t.value(one).(string); ok && s != "" {
			out = append(out, s)
		}
	}
	if out == nil {
		return []string{""}
	}
	return out
}

func (r *resource) mappedPath(config object, base string) string {
	if v := config.Get("NormalizeBasePath"); v == nil || r.t.truthy(v) {
		return plainText(base)
	}
	return base
}

// plainText keeps the letters and digits of a text.
func plainText(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if alphanumeric(s[i : i+1]) {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// records adds the domain to Route 53: the domains of one zone share a group.
func (r *resource) records(a *api, config object, id string, endpoint any) {
	route := mapOf(config.Get("Route53"))
	if route == nil {
		return
	}
	zone := route.Get("HostedZoneId")
	if zone == nil {
		zone = route.Get("HostedZoneName")
	}
	if zone == nil {
		r.invalid("HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.")
		return
	}
	zoneID, target := getAtt(id, "RegionalHostedZoneId"), getAtt(id, "RegionalDomainName")
	switch {
	case endpoint == "EDGE":
		zoneID, target = any("Z2FDTNDATAQYW2"), getAtt(id, "DistributionDomainName")
		if custom := route.Get("DistributionDomainName"); custom != nil {
			target = custom
		}
	case !a.http:
		zoneID, target = getAtt(id, "RegionalHostedZoneId"), getAtt(id, "RegionalDomainName")
	}
	group := "RecordSetGroup" + digest(zone)
	set := r.t.sets[group]
	if set == nil {
		set = obj("HostedZoneId", route.Get("HostedZoneId"), "HostedZoneName", route.Get("HostedZoneName"), "RecordSets", []any{})
		r.t.sets[group] = set
		r.add(group, "AWS::Route53::RecordSetGroup", set)
	}
	kinds := []string{"A"}
	if r.t.truthy(route.Get("IpV6")) {
		kinds = append(kinds, "AAAA")
	}
	records := listOf(set.Get("RecordSets"))
	for _, kind := range kinds {
		record := obj("Name", clone(config.Get("DomainName")), "Type", kind, "AliasTarget", obj("HostedZoneId", clone(zoneID), "DNSName", clone(target), "EvaluateTargetHealth", route.Get("EvaluateTargetHealth")))
		pass(record, route, "SetIdentifier", "Region")
		records = append(records, record)
	}
	set.Set("RecordSets", records)
}
