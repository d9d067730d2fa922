package install

import _ "embed"

// guard is the function that CloudFront asks for every request: who is let in.
//
//go:embed guard.js
var guard string

func (t *template) site() {
	dashboard := []any{"Condition", "HasDashboard"}
	t.resource("SiteAccess", "CloudFront alone reads the reports.", "AWS::CloudFront::OriginAccessControl", object("OriginAccessControlConfig", object(
		"Name", sub("${AWS::StackName}-${AWS::Region}"), "OriginAccessControlOriginType", "s3", "SigningBehavior", "always", "SigningProtocol", "sigv4")), dashboard...)
	t.resource("SiteGuard", "Lets in who has the password or a signed link, from where it is allowed.", "AWS::CloudFront::Function", object(
		"Name", sub("${AWS::StackName}-guard-${AWS::Region}"), "AutoPublish", true,
		"FunctionConfig", object("Comment", "setmend: access to the page", "Runtime", "cloudfront-js-2.0"),
		"FunctionCode", func() node { n := block(guard); n.Tag = "!Sub"; return n }()), dashboard...)
	t.resource("SiteHeaders", "", "AWS::CloudFront::ResponseHeadersPolicy", object("ResponseHeadersPolicyConfig", object(
		"Name", sub("${AWS::StackName}-${AWS::Region}"),
		"SecurityHeadersConfig", object(
			"ContentSecurityPolicy", object("ContentSecurityPolicy", sub("frame-ancestors ${FrameAncestors}"), "Override", true),
			"ContentTypeOptions", object("Override", true),
			"ReferrerPolicy", object("ReferrerPolicy", "no-referrer", "Override", true),
			"StrictTransportSecurity", object("AccessControlMaxAgeSec", 31536000, "Override", true)))), dashboard...)
	t.resource("Distribution", "", "AWS::CloudFront::Distribution", object("DistributionConfig", object(
		"Comment", sub("setmend ${AWS::StackName}"),
		"Enabled", true, "HttpVersion", "http2and3", "PriceClass", "PriceClass_100", "DefaultRootObject", "dashboard.html",
		"Origins", list(object("Id", "reports", "DomainName", att("Reports.RegionalDomainName"),
			"OriginAccessControlId", att("SiteAccess.Id"), "S3OriginConfig", object("OriginAccessIdentity", ""))),
		"DefaultCacheBehavior", object("TargetOriginId", "reports", "ViewerProtocolPolicy", "redirect-to-https", "Compress", true,
			"AllowedMethods", flow(list("GET", "HEAD")),
			// The managed policy CachingDisabled: the page changes with every run.
			"CachePolicyId", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
			"ResponseHeadersPolicyId", ref("SiteHeaders"),
			"FunctionAssociations", list(object("EventType", "viewer-request", "FunctionARN", att("SiteGuard.FunctionARN")))),
		"Restrictions", object("GeoRestriction", func() node {
			n := list("HasCountries", object("RestrictionType", "whitelist", "Locations", tagged("!Split", ",", ref("AllowedCountries"))), object("RestrictionType", "none"))
			n.Tag = "!If"
			return n
		}()),
		"ViewerCertificate", object("CloudFrontDefaultCertificate", true))), dashboard...)
}
