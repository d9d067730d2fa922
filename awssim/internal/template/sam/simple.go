package sam

import "strings"

// simpleTable makes a DynamoDB table with one key.
func (r *resource) simpleTable() {
	p := r.properties
	name, kind := any("id"), "S"
	if key := mapOf(p.Get("PrimaryKey")); key != nil {
		name, kind = key.Get("Name"), map[string]string{"String": "S", "Number": "N", "Binary": "B"}[textOf(key.Get("Type"))]
		if name == nil || kind == "" {
			r.invalid("Invalid 'Type' \"%s\".", textOf(key.Get("Type")))
			return
		}
	}
	out := obj("AttributeDefinitions", []any{obj("AttributeName", name, "AttributeType", kind)}, "KeySchema", []any{obj("AttributeName", clone(name), "KeyType", "HASH")})
	if p.Get("ProvisionedThroughput") == nil {
		out.Set("BillingMode", "PAY_PER_REQUEST")
	}
	pass(out, p, "PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName")
	if tags := mapOf(p.Get("Tags")); tags != nil && len(tags.Keys) > 0 {
		out.Set("Tags", tagList(tags))
	}
	r.main("AWS::DynamoDB::Table", out)
}

// layer makes a layer version, which is another resource whenever it changes.
func (r *resource) layer() {
	p := r.properties
	content, ok := r.location("ContentUri", "S3Bucket", "S3Key", "S3ObjectVersion")
	if !ok {
		return
	}
	policy := any("Retain")
	if given, ok := r.t.value(p.Get("RetentionPolicy")).(string); ok {
		switch strings.ToLower(given) {
		case "retain":
		case "delete":
			policy = "Delete"
		default:
			r.invalid("'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].")
			return
		}
	} else if own := r.body.Get("DeletionPolicy"); own != nil {
		policy = own
	}
	old := r.id
	r.id += digest(obj(old, obj("Type", prefix+"LayerVersion", "Properties", p)))
	r.t.renamed[old] = r.id
	out := obj("LayerName", old, "Content", content)
	for _, name := range []string{"LayerName", "Description", "LicenseInfo"} {
		if v := p.Get(name); v != nil {
			out.Set(name, r.t.value(v))
		}
	}
	pass(out, p, "CompatibleArchitectures", "CompatibleRuntimes")
	r.main("AWS::Lambda::LayerVersion", out).Set("DeletionPolicy", policy)
}

// application makes a nested stack of a template in S3; applications of the
// Serverless Application Repository have none here.
func (r *resource) application() {
	p := r.properties
	location, ok := p.Get("Location").(string)
	if !ok {
		r.invalid("the embedded AWS does not hold applications of the Serverless Application Repository")
		return
	}
	if !strings.HasPrefix(location, "https://") && !strings.HasPrefix(location, "http://") {
		r.invalid("'Location' must be the URL of a template in S3.")
		return
	}
	out := obj("TemplateURL", location)
	pass(out, p, "Parameters", "NotificationARNs", "TimeoutInMinutes")
	out.Set("Tags", r.tags("lambda:createdBy"))
	r.main("AWS::CloudFormation::Stack", out)
}
