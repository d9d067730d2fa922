// Package journal keeps what a run must not lose: documents and logs that
// survive the death of the process and of the machine.
//
// A document is a value under a key, replaced by compare-and-swap: who writes
// names the version that was read, and a version that has moved on is a
// conflict, never an overwrite. Versions only grow and outlive deletion, so a
// key that was deleted and made again cannot be mistaken for the old one.
//
// A log is an append-only list of entries. Whoever claims it gets an epoch, and
// from that moment appends under any other epoch are refused. This is what
// keeps two healers apart: a healer that was paused past its lease and wakes up
// finds itself fenced off by the store, whatever its clock says. A log nobody
// has claimed (epoch 0) takes entries from anyone.
//
// When a call returns nil, what it wrote is on stable storage. When it returns
// a conflict or a fence, nothing was written. After any other error the outcome
// is unknown (the disk or the network failed between the write and the answer):
// read before going on. Every value carries a checksum that is verified when it
// is read; a torn or edited one is an error that names it, never a value.
//
// There are three backends with one contract, which package journaltest checks:
//
//   - [github.com/setmend/setmend/journal/sqlite], a file, for the CLI and the daemon. Concurrent writers share one
//     transaction and one fsync. Several processes may use one file.
//   - [github.com/setmend/setmend/journal/s3], objects, for Lambda. It relies on S3's conditional writes and on
//     nothing else: a document is an object replaced under If-Match, a log is a
//     chain of objects numbered without gaps, each created under If-None-Match.
//     A claim is a link of that chain, so that fencing and order are one thing.
//   - [Memory], for tests and virtual time.
//
// [Faulty] wraps any of them and makes chosen writes fail.
package journal
