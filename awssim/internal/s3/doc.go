// Package s3 is Amazon S3: buckets and objects over REST and XML.
//
// It is there for three kinds of user: CloudFormation, which reads templates and
// account lists from buckets; setmend's journal on AWS, which stands on strong
// read-after-write consistency and conditional writes; and whatever else of a
// stack's resources a test wants to look at. So it is faithful in ETags,
// If-Match and If-None-Match, checksums (header and trailer, with aws-chunked
// bodies as today's SDKs send them), listing and multipart uploads, and has no
// versioning, access control lists or storage classes; what it lacks answers
// NotImplemented.
//
// A request's address is either path-style or virtual-host, told apart by the
// host alone. Only the account that owns a bucket may use it.
package s3
