// Package cloudcontrol is AWS Cloud Control API: reading, changing, deleting and
// making any live resource. In the embedded AWS it is how a person's hand-made
// change is made: the resources are those of the stack engine, and a change here
// is drift there.
//
// Requests that change something are asynchronous, as on AWS: they answer with a
// progress event, take some seconds, and their outcome is looked up with the
// request token. One resource takes one request at a time.
package cloudcontrol
