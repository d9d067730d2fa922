// Package sns is Amazon SNS as far as somebody who publishes can tell: topics,
// their attributes and tags, subscriptions that are kept and confirmed at once,
// and Publish with its limits. Messages are delivered to queues and functions that
// subscribed; all are kept, the latest thousand of each topic, for tests and demos to
// read.
package sns
