// Package sts is AWS Security Token Service.
//
// Credentials. AssumeRole hands out the account id as the access key, together
// with a session token that says which role was assumed and until when
// (core.World.SessionToken); whoever routes requests reads it again.
//
// Roles. Every role exists unless core.Access says that it was removed, and none
// can be assumed in accounts that are closed or suspended: that is what tools run
// into when an account dies, and AWS answers it with the same AccessDenied as any
// missing permission.
package sts
