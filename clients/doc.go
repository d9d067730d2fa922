// Package clients tests the embedded AWS with clients that are not the Go SDK:
// the AWS CLI, boto3 and the JavaScript SDK v3 each tell the whole life of a
// stack set to a `setmend sim` of their own, over a socket, as a user would. The
// stories are in testdata; `make test-clients` runs them.
package clients
