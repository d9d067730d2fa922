// Package sts is AWS Security Token Service, and with it the embedded AWS's whole
// idea of credentials.
//
// Access keys. A key that is a 12-digit account id acts as that account; any other
// key is the management account, so that whatever credentials a developer has
// lying about work. Signatures are not checked. AssumeRole hands out the account
// id as the key, together with a session token that says in plain text which role
// was assumed and until when; a request with an expired token is refused as AWS
// refuses it.
//
// Roles. Every role exists unless core.Access says that it was removed, and none
// can be assumed in accounts that are closed or suspended: that is what tools run
// into when an account dies, and AWS answers it with the same AccessDenied as any
// missing permission.
package sts
