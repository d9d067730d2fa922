// Package cloud is AWS as the rest of setmend sees it: fleet's values in, fleet's
// values and errors out. It is the only importer of AWS's service clients, so
// that nobody else needs to know a wire name, an error code or a page token.
//
// One way in. Every request goes through the one function call: it waits for the
// action's rate, sends, counts, translates the error, and decides whether to
// send again. The SDK's own retries are off, for three reasons. They take the
// quota error LimitExceededException for throttling; they sleep by the wall's
// clock, while setmend may live in an embedded AWS's time; and they would repeat
// a write whose outcome is unknown, which is for the journal to resolve.
//
// Rates. AWS documents a rate for each action, account and region (2 per second
// for everything about stack sets), and whoever keeps below it is not throttled.
// So each action has a gate, shared by all callers: a token bucket a little
// slower than documented. Refusals come nevertheless, since people and pipelines
// share the account's rate: then full jitter, a budget of repeats per action,
// and, after many refusals in a row, a breaker that fails calls at once until
// one probe goes through. A storm costs a bounded number of requests.
//
// Errors. Each is a *fleet.Error. Whether a request was carried out is what its
// kind says: a refusal by AWS or a connection that was never made means no, and
// everything between sending and a readable answer means UnknownOutcome. Error
// texts carry no parameter values and no credentials.
//
// Lists are complete or an error. AWS may send an empty page with a token, so
// only a missing token ends a list.
package cloud
