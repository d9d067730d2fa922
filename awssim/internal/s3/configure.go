package s3

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// configuration is a subresource of a bucket that is put, read and deleted whole.
// Where property names one of the bucket's resource it lives there, in step with
// templates and Cloud Control; else it is kept as it was put.
type configuration struct {
	subresource, action string // GetBucket…, PutBucket…, DeleteBucket…
	property            string
	// read makes the property of a document, write the document of a property.
	read  func(body []byte) (any, error)
	write func(property any) (any, error)
	// standard is the document where nothing was put; "" is refused with missing.
	standard  string
	missing   [2]string // code and message
	deletable bool
}

const xmlns = `xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`

var configurations = []configuration{
	{subresource: "versioning", action: "BucketVersioning", property: "VersioningConfiguration", read: readVersioning, write: writeVersioning,
		standard: "<VersioningConfiguration " + xmlns + "/>"},
	{subresource: "encryption", action: "BucketEncryption", property: "BucketEncryption", read: readEncryption, write: writeEncryption, deletable: true,
		standard: "<ServerSideEncryptionConfiguration " + xmlns + "><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"},
	{subresource: "publicAccessBlock", action: "PublicAccessBlock", property: "PublicAccessBlockConfiguration", read: readPublicAccess, write: writePublicAccess, deletable: true,
		standard: "<PublicAccessBlockConfiguration " + xmlns + "><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
		missing:  [2]string{"NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"}},
	{subresource: "ownershipControls", action: "BucketOwnershipControls", property: "OwnershipControls", read: readOwnership, write: writeOwnership, deletable: true,
		standard: "<OwnershipControls " + xmlns + "><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
		missing:  [2]string{"OwnershipControlsNotFoundError", "The bucket ownership controls were not found"}},
	{subresource: "tagging", action: "BucketTagging", property: "Tags", read: readTagging, write: writeTagging, deletable: true,
		missing: [2]string{"NoSuchTagSet", "The TagSet does not exist"}},
	{subresource: "lifecycle", action: "BucketLifecycleConfiguration", deletable: true,
		missing: [2]string{"NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"}},
	{subresource: "cors", action: "BucketCors", deletable: true,
		missing: [2]string{"NoSuchCORSConfiguration", "The CORS configuration does not exist"}},
	{subresource: "website", action: "BucketWebsite", deletable: true,
		missing: [2]string{"NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"}},
	{subresource: "replication", action: "BucketReplication", deletable: true,
		missing: [2]string{"ReplicationConfigurationNotFoundError", "The replication configuration was not found"}},
	{subresource: "object-lock", action: "ObjectLockConfiguration",
		missing: [2]string{"ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"}},
	{subresource: "notification", action: "BucketNotificationConfiguration", standard: "<NotificationConfiguration " + xmlns + "/>"},
	{subresource: "logging", action: "BucketLogging", standard: "<BucketLoggingStatus " + xmlns + "/>"},
	{subresource: "accelerate", action: "BucketAccelerateConfiguration", standard: "<AccelerateConfiguration " + xmlns + "/>"},
	{subresource: "requestPayment", action: "BucketRequestPayment", standard: "<RequestPaymentConfiguration " + xmlns + "><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"},
	{subresource: "acl", action: "BucketAcl"},
}

// register makes the configuration's operations known.
func (c configuration) register() {
	operations[route{"bucket", "GET", c.subresource}] = operation{"Get" + c.action, c.get, false}
	operations[route{"bucket", "PUT", c.subresource}] = operation{"Put" + c.action, c.put, false}
	if c.deletable {
		name := strings.TrimSuffix(c.action, "Configuration")
		operations[route{"bucket", "DELETE", c.subresource}] = operation{"Delete" + name, c.remove, false}
	}
}

func (c configuration) get(q *request) error {
	b := q.bucket
	if c.subresource == "acl" && b.own["acl"] == nil {
		return q.answerXML([]byte(privateACL(b.owner)))
	}
	if body := b.own[c.subresource]; body != nil {
		return q.answerXML(body)
	}
	if property, set := b.live.Properties[c.property]; set && c.property != "" && !emptyList(property) {
		document, err := c.write(property)
		if err != nil {
			return err
		}
		q.answer(http.StatusOK, document)
		return nil
	}
	if c.standard == "" || b.dropped[c.subresource] && c.missing[0] != "" {
		return with(core.Errorf(http.StatusNotFound, c.missing[0], "%s", c.missing[1]), "BucketName", b.name)
	}
	return q.answerXML([]byte(c.standard))
}

func emptyList(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

func (c configuration) put(q *request) error {
	if c.subresource == "acl" && len(q.body) == 0 { // a canned one, in a header
		q.answer(http.StatusOK, nil)
		return nil
	}
	if err := wellFormed(q.body); err != nil {
		return err
	}
	delete(q.bucket.dropped, c.subresource)
	if c.property == "" {
		q.bucket.own[c.subresource] = q.body
		q.answer(http.StatusOK, nil)
		return nil
	}
	property, err := c.read(q.body)
	if err != nil {
		return err
	}
	if err := q.store.change(q.bucket, c.property, property); err != nil {
		return err
	}
	status := http.StatusOK
	if c.subresource == "tagging" {
		status = http.StatusNoContent
	}
	q.answer(status, nil)
	return nil
}

func (c configuration) remove(q *request) error {
	delete(q.bucket.own, c.subresource)
	q.bucket.dropped[c.subresource] = true
	if c.property != "" {
		if err := q.store.change(q.bucket, c.property, nil); err != nil {
			return err
		}
	}
	q.answer(http.StatusNoContent, nil)
	return nil
}

// answerXML sends a document as it was put.
func (q *request) answerXML(body []byte) error {
	q.w.Header().Set("Content-Type", "application/xml")
	q.w.WriteHeader(http.StatusOK)
	q.w.Write(body)
	return nil
}

// wellFormed refuses a body that is no XML document.
func wellFormed(body []byte) error {
	d := xml.NewDecoder(strings.NewReader(string(body)))
	depth, elements := 0, 0
	for {
		token, err := d.Token()
		if token == nil {
			if depth != 0 || elements == 0 || err != nil && err.Error() != "EOF" {
				return errMalformedXML()
			}
			return nil
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
			elements++
		case xml.EndElement:
			depth--
		}
	}
}

func privateACL(account string) string {
	return `<AccessControlPolicy ` + xmlns + `><Owner><ID>` + account + `</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>` +
		account + `</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`
}

type versioningXML struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	Status  string   `xml:",omitempty"`
}

func readVersioning(body []byte) (any, error) {
	var in struct{ Status string }
	if err := xml.Unmarshal(body, &in); err != nil || in.Status != "Enabled" && in.Status != "Suspended" {
		return nil, core.Errorf(http.StatusBadRequest, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	return map[string]any{"Status": in.Status}, nil
}

func writeVersioning(property any) (any, error) {
	return versioningXML{Status: member(property, "Status")}, nil
}

// member is a scalar member of a property as text.
func member(v any, name string) string {
	m, _ := v.(map[string]any)
	switch one := m[name].(type) {
	case string:
		return one
	case bool:
		if one {
			return "true"
		}
		return "false"
	}
	return ""
}

type encryptionRule struct {
	Default struct {
		SSEAlgorithm   string
		KMSMasterKeyID string `xml:",omitempty"`
	} `xml:"ApplyServerSideEncryptionByDefault"`
	BucketKeyEnabled bool
}

type encryptionXML struct {
	XMLName xml.Name         `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ServerSideEncryptionConfiguration"`
	Rules   []encryptionRule `xml:"Rule"`
}

func readEncryption(body []byte) (any, error) {
	var in struct {
		Rules []encryptionRule `xml:"Rule"`
	}
	if err := xml.Unmarshal(body, &in); err != nil || len(in.Rules) == 0 {
		return nil, errMalformedXML()
	}
	rules := []any{}
	for _, r := range in.Rules {
		standard := map[string]any{"SSEAlgorithm": r.Default.SSEAlgorithm}
		if r.Default.KMSMasterKeyID != "" {
			standard["KMSMasterKeyID"] = r.Default.KMSMasterKeyID
		}
		rules = append(rules, map[string]any{"ServerSideEncryptionByDefault": standard, "BucketKeyEnabled": r.BucketKeyEnabled})
	}
	return map[string]any{"ServerSideEncryptionConfiguration": rules}, nil
}

func writeEncryption(property any) (any, error) {
	m, _ := property.(map[string]any)
	list, _ := m["ServerSideEncryptionConfiguration"].([]any)
	var out encryptionXML
	for _, one := range list {
		rule, _ := one.(map[string]any)
		var r encryptionRule
		r.Default.SSEAlgorithm = member(rule["ServerSideEncryptionByDefault"], "SSEAlgorithm")
		r.Default.KMSMasterKeyID = member(rule["ServerSideEncryptionByDefault"], "KMSMasterKeyID")
		r.BucketKeyEnabled = member(rule, "BucketKeyEnabled") == "true"
		out.Rules = append(out.Rules, r)
	}
	return out, nil
}

type publicAccessXML struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PublicAccessBlockConfiguration"`
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

func readPublicAccess(body []byte) (any, error) {
	var in struct{ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool }
	if xml.Unmarshal(body, &in) != nil {
		return nil, errMalformedXML()
	}
	return map[string]any{"BlockPublicAcls": in.BlockPublicAcls, "IgnorePublicAcls": in.IgnorePublicAcls,
		"BlockPublicPolicy": in.BlockPublicPolicy, "RestrictPublicBuckets": in.RestrictPublicBuckets}, nil
}

func writePublicAccess(property any) (any, error) {
	on := func(name string) bool { return member(property, name) == "true" }
	return publicAccessXML{BlockPublicAcls: on("BlockPublicAcls"), IgnorePublicAcls: on("IgnorePublicAcls"),
		BlockPublicPolicy: on("BlockPublicPolicy"), RestrictPublicBuckets: on("RestrictPublicBuckets")}, nil
}

type ownershipRule struct{ ObjectOwnership string }

type ownershipXML struct {
	XMLName xml.Name        `xml:"http://s3.amazonaws.com/doc/2006-03-01/ OwnershipControls"`
	Rules   []ownershipRule `xml:"Rule"`
}

func readOwnership(body []byte) (any, error) {
	var in struct {
		Rules []ownershipRule `xml:"Rule"`
	}
	if err := xml.Unmarshal(body, &in); err != nil || len(in.Rules) != 1 {
		return nil, errMalformedXML()
	}
	return map[string]any{"Rules": []any{map[string]any{"ObjectOwnership": in.Rules[0].ObjectOwnership}}}, nil
}

func writeOwnership(property any) (any, error) {
	m, _ := property.(map[string]any)
	list, _ := m["Rules"].([]any)
	var out ownershipXML
	for _, one := range list {
		out.Rules = append(out.Rules, ownershipRule{member(one, "ObjectOwnership")})
	}
	return out, nil
}

type tagXML struct{ Key, Value string }

type taggingXML struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	TagSet  []tagXML `xml:"TagSet>Tag"`
}

func readTagging(body []byte) (any, error) {
	var in struct {
		TagSet []tagXML `xml:"TagSet>Tag"`
	}
	if xml.Unmarshal(body, &in) != nil {
		return nil, errMalformedXML()
	}
	tags, seen := []any{}, map[string]bool{}
	for _, t := range in.TagSet {
		if seen[t.Key] || strings.HasPrefix(t.Key, "aws:") || t.Key == "" {
			return nil, core.Errorf(http.StatusBadRequest, "InvalidTag", "The TagKey you have provided is invalid")
		}
		seen[t.Key] = true
		tags = append(tags, map[string]any{"Key": t.Key, "Value": t.Value})
	}
	return tags, nil
}

func writeTagging(property any) (any, error) {
	list, _ := property.([]any)
	var out taggingXML
	for _, one := range list {
		out.TagSet = append(out.TagSet, tagXML{member(one, "Key"), member(one, "Value")})
	}
	return out, nil
}
