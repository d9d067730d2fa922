// Package cloudwatch is the part of Amazon CloudWatch that a program needs to
// publish metrics and that its users need to look at them: PutMetricData, the
// three ways of reading, and alarms on one metric.
//
// Data is kept as CloudWatch keeps it after a while, as the statistic set of each
// minute: sums, extremes and counts are exact, percentiles are not to be had, nor
// are metric math expressions. An alarm's state is worked out when somebody asks
// for it; nobody is notified.
package cloudwatch
