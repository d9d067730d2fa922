// Package notify tells people what a run found and did: in Teams, Slack, a
// Confluence page, PagerDuty, an SNS topic or a webhook of their own.
//
// What is told is a [Message]: what changed since the run before, which
// [Changes] works out from the two, and not the state of everything again.
//
// A heal only calls [Outbox.Enqueue], which writes the message to the journal,
// and cannot be held up or failed by any service. Delivery happens apart, in
// [Outbox.Run] or [Outbox.Flush], with backoff, Retry-After, and after a crash
// from where it stopped. An event is delivered once: an attempt whose outcome
// nobody knows is repeated only where the service recognises the repetition
// (PagerDuty by its dedup key, Confluence by the page's version, webhooks by the
// event id, SNS by the deduplication id of a FIFO topic). A chat cannot, so there
// the message is left as "outcome unknown" rather than posted twice.
//
// Names and reasons come from accounts that anybody may write to. They are
// cleaned and escaped for the format they go into before a template sees them,
// so that a replaced template cannot forget to. URLs, keys and tokens are of the
// type [Secret], given in the configuration only as references, and struck out
// of every error. Requests go to public HTTPS addresses, checked when dialling
// (after name resolution, so that a name that changes its address gains
// nothing), and are never redirected.
package notify
