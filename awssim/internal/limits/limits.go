// Package limits holds AWS's request rates: token buckets for each action,
// account and region, worked in the world's time.
//
// The rates are those of AWS's documentation. Where a rate stands without a
// burst, as for all of CloudFormation, the burst is an option, one second's
// worth by default.
package limits

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Rate is a token bucket's filling, in requests a second, and its size.
type Rate struct {
	PerSecond float64
	Burst     float64
}

// Limits are the buckets that have been drawn from.
type Limits struct {
	burst   float64
	buckets map[bucketKey]*bucket
}

// bucketKey names a bucket. Account is "*" for the organization's shared bucket.
type bucketKey struct{ service, group, account, region string }

type bucket struct {
	tokens float64
	at     time.Time
}

// mostBuckets is when buckets are looked through for idle ones, and idle how long
// one must have been so: by then a bucket is full again, but for bursts of more
// than a minute.
const (
	mostBuckets = 10_000
	idle        = time.Minute
)

// tidy forgets buckets that nobody has drawn from for a while, so that callers
// who make up accounts do not fill memory.
func (l *Limits) tidy(now time.Time) {
	if len(l.buckets) < mostBuckets {
		return
	}
	for key, b := range l.buckets {
		if now.Sub(b.at) > idle {
			delete(l.buckets, key)
		}
	}
}

// New makes full buckets. burst is the seconds' worth of requests that may come
// at once where AWS documents no burst; 0 is 1.
func New(burst int) *Limits {
	return &Limits{burst: float64(max(burst, 1)), buckets: map[bucketKey]*bucket{}}
}

// Allow draws a token for the call from every bucket that it falls under, and
// reports whether all had one. A refused call draws nothing.
func (l *Limits) Allow(c *core.Call) bool {
	entry, limited := documented[c.Service][c.Action]
	if !limited {
		return true
	}
	group := entry.group
	if group == "" {
		group = c.Action
	}
	own := l.bucket(bucketKey{c.Service, group, c.Caller.Account, c.Region}, entry.account, c.Now())
	if own.tokens < 1 {
		return false
	}
	if entry.organization.PerSecond > 0 {
		shared := l.bucket(bucketKey{c.Service, group, "*", c.Region}, entry.organization, c.Now())
		if shared.tokens < 1 {
			return false
		}
		shared.tokens--
	}
	own.tokens--
	return true
}

// bucket finds a bucket, filled up to now.
func (l *Limits) bucket(key bucketKey, rate Rate, now time.Time) *bucket {
	size := rate.Burst
	if size == 0 {
		size = max(rate.PerSecond*l.burst, 1)
	}
	b := l.buckets[key]
	if b == nil {
		l.tidy(now)
		b = &bucket{tokens: size, at: now}
		l.buckets[key] = b
	}
	if elapsed := now.Sub(b.at); elapsed > 0 {
		b.tokens = min(size, b.tokens+elapsed.Seconds()*rate.PerSecond)
		b.at = now
	}
	return b
}
