package install

// storage are the two buckets.
func (t *template) storage() {
	t.journalBucket()
	t.bucket("Reports", "Page, report and log of each run.", list(
		object("Id", "runs", "Status", "Enabled", "Prefix", "runs/", "ExpirationInDays", 365, "NoncurrentVersionExpiration", object("NoncurrentDays", 30)),
		object("Id", "uploads", "Status", "Enabled", "AbortIncompleteMultipartUpload", object("DaysAfterInitiation", 1))),
		"DeletionPolicy", "Delete", "UpdateReplacePolicy", "Retain")
	t.bucketPolicy("Reports", object("Sid", "CloudFrontReads", "Effect", "Allow", "Principal", object("Service", "cloudfront.amazonaws.com"),
		"Action", "s3:GetObject", "Resource", sub("${Reports.Arn}/*"),
		"Condition", object("StringEquals", object("AWS:SourceArn", sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}")))))
}

// journalBucket holds what must not be lost: it outlives the stack. Objects' older
// versions go after a month: the journal itself prunes what it does not need.
func (t *template) journalBucket() {
	t.bucket("Journal", "The journal: overrides saved before deletions, what is to be created again, history. It outlives the stack.", list(
		object("Id", "versions", "Status", "Enabled", "NoncurrentVersionExpiration", object("NoncurrentDays", 30), "ExpiredObjectDeleteMarker", true),
		object("Id", "code", "Status", "Enabled", "Prefix", "code/", "NoncurrentVersionExpiration", object("NoncurrentDays", 7)),
		object("Id", "uploads", "Status", "Enabled", "AbortIncompleteMultipartUpload", object("DaysAfterInitiation", 1))),
		"DeletionPolicy", "Retain", "UpdateReplacePolicy", "Retain")
	t.bucketPolicy("Journal", nil)
}

// bucket is encrypted, versioned and closed to the public.
func (t *template) bucket(name, remark string, rules node, attributes ...any) {
	t.resource(name, remark, "AWS::S3::Bucket", object(
		"BucketEncryption", object("ServerSideEncryptionConfiguration", list(object("ServerSideEncryptionByDefault", object("SSEAlgorithm", "AES256")))),
		"PublicAccessBlockConfiguration", object("BlockPublicAcls", true, "BlockPublicPolicy", true, "IgnorePublicAcls", true, "RestrictPublicBuckets", true),
		"OwnershipControls", object("Rules", list(object("ObjectOwnership", "BucketOwnerEnforced"))),
		"VersioningConfiguration", object("Status", "Enabled"),
		"LifecycleConfiguration", object("Rules", rules)), attributes...)
}

// bucketPolicy refuses what does not come over TLS, and allows the statement, if
// there is one, where there is a dashboard.
func (t *template) bucketPolicy(bucket string, allowed node) {
	tls := object("Sid", "TLSOnly", "Effect", "Deny", "Principal", "*", "Action", "s3:*",
		"Resource", list(sub("${"+bucket+".Arn}"), sub("${"+bucket+".Arn}/*")), "Condition", object("Bool", object("aws:SecureTransport", "false")))
	statements := list(tls)
	if allowed != nil {
		conditional := list("HasDashboard", allowed, noValue())
		conditional.Tag = "!If"
		statements.Content = append(statements.Content, conditional)
	}
	var attributes []any
	if bucket == "Journal" {
		attributes = []any{"DeletionPolicy", "Retain", "UpdateReplacePolicy", "Retain"}
	}
	t.resource(bucket+"Policy", "", "AWS::S3::BucketPolicy", object("Bucket", ref(bucket),
		"PolicyDocument", object("Version", "2012-10-17", "Statement", statements)), attributes...)
}
