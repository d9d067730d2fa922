// Package lambdahandler wraps the handlers of AWS Lambda functions so that each
// instruments itself the same way. It knows nothing of stack sets: any function can
// use it.
//
//	func main() {
//		lambdahandler.Start("Copy", copySnapshot, lambdahandler.Config{Namespace: "Backups"})
//	}
//
// What it adds to a handler:
//
//   - A logger in the context ([Logger]): JSON lines with the function, the request's
//     id, and whatever Config.Fields finds in the event, such as a run.
//   - Metrics ([Metric]) in CloudWatch's embedded metric format, written to the log
//     with the invocation: no call to CloudWatch, no permission. Duration, Errors and
//     ColdStart come by themselves.
//   - Panics and errors are logged with the event that triggered them, what is secret
//     in it removed.
//   - A deadline guard: one second before Lambda would kill the function, its context
//     ends, and a handler that does not return is left. The error says where it was
//     ([At]). A handler that is left may still be running, so the process exits after
//     it has answered.
//   - Config.Aside hears of every failure, and can set an event aside that has failed
//     before: Lambda repeats an asynchronous invocation with the same request id.
package lambdahandler
