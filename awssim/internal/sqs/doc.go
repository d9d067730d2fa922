// Package sqs is Amazon SQS: standard and FIFO queues, visibility and delay,
// redrive to dead-letter queues, long polling. Queues are a view on the live
// resources; messages are kept here.
//
// A message has no state but two times: from when it is visible, and when it was
// sent. All that becomes of it (in flight, delayed, expired, dead) follows from
// these and the queue's settings at each request. While a receiver polls or an event
// source mapping waits, a timer of the world checks the queue when the next message
// becomes visible.
package sqs
