// Package iam is AWS Identity and Access Management: roles with their trust and
// permission policies, managed policies with versions, instance profiles, users with
// access keys, OIDC providers, account aliases. IAM is one for all regions, while a
// stack's resources have the region of their stack: the service is a view on those
// of all regions, and makes its own in us-east-1.
//
// [IAM.Decide] evaluates policies for a request, as the IAM User Guide's "Policy
// evaluation logic" describes it: whether that is asked at all is an option of the
// embedded AWS.
package iam
