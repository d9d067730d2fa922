package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/journal/s3"
	"github.com/setmend/setmend/journal/sqlite"
	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// connection is an AWS to work on, with the time it lives in and the policy.
type connection struct {
	aws    *cloud.AWS
	clock  *clock.Clock
	policy *policy.Policy
	notify []notify.Channel
}

// connect reads the policy and connects to AWS. Nothing is sent yet, but for the
// question of the time where setmend runs faster than the wall.
func (a *app) connect(ctx context.Context, onCall func(string, bool)) (*connection, error) {
	s, err := a.readSettings()
	if err != nil {
		return nil, err
	}
	if a.maxAge != nil { // what drift asks for holds for every set, whatever its policy
		age, notify := policy.Duration(*a.maxAge), policy.HealNotify
		s.policy.StackSets = append(s.policy.StackSets, policy.Entry{Match: policy.Patterns{"*"}, Settings: policy.Settings{DriftMaxAge: &age, Healing: &notify}})
	}
	time := clock.Real()
	if a.speed != 1 {
		time = clock.Scaled(a.speed, now())
	}
	aws, err := cloud.New(ctx, cloud.Config{Profile: a.profile, Region: fleet.Region(a.region), CallAs: a.callAs,
		EndpointURL: a.endpoint, Clock: time, OnCall: onCall})
	if fleet.KindOf(err) == fleet.Invalid { // nothing was sent yet: it is what was asked for
		return nil, &usageError{err, "give --region (AWS_REGION), the region that the stack sets live in; an --endpoint-url begins with http:// or https://"}
	}
	if err != nil {
		return nil, err
	}
	if a.speed != 1 {
		// Ages of what a fast AWS reports (drift checks, operations) make sense
		// only in its own time.
		server, err := aws.ServerTime(ctx)
		if err != nil {
			return nil, err
		}
		time.Sync(server)
	}
	channels, err := a.channels(s, aws)
	if err != nil {
		return nil, err
	}
	return &connection{aws, time, s.policy, channels}, nil
}

// worldTime is the time that heals live in: the wall's, or that of an AWS that runs
// faster.
func (a *app) worldTime(ctx context.Context) (time.Time, error) {
	if a.speed == 1 {
		return now(), nil
	}
	c, err := a.connect(ctx, nil)
	if err != nil {
		return time.Time{}, err
	}
	return c.clock.Now(), nil
}

// now is the wall's time, under a name that survives a local called time.
func now() time.Time { return time.Now() }

// openStore is a journal that has been opened.
type openStore interface {
	store
	io.Closer
}

// bucketScheme begins the --journal that lies in a bucket.
const bucketScheme = "s3://"

// connectJournal connects to AWS and opens the journal of its account and region. The
// caller must close the journal.
func (a *app) connectJournal(ctx context.Context) (*connection, openStore, error) {
	c, err := a.connect(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	j, err := a.openJournal(ctx, c)
	return c, j, err
}

// openJournal opens --journal, or the one that belongs to this account, region
// and endpoint: what is remembered of one organization says nothing of another.
func (a *app) openJournal(ctx context.Context, c *connection) (openStore, error) {
	path := a.journal
	if strings.HasPrefix(path, bucketScheme) {
		return openBucket(c, path)
	}
	if path == "" {
		caller, err := c.aws.Caller(ctx)
		if err != nil {
			return nil, err
		}
		if path, err = a.journalPath(caller.Account, c.aws.Region()); err != nil {
			return nil, err
		}
	}
	return openJournalFile(path)
}

// openNamedJournal opens the --journal that was given. AWS is asked only for one
// that lies there.
func (a *app) openNamedJournal(ctx context.Context) (openStore, error) {
	if !strings.HasPrefix(a.journal, bucketScheme) {
		return openJournalFile(a.journal)
	}
	c, err := a.connect(ctx, nil)
	if err != nil {
		return nil, err
	}
	return openBucket(c, a.journal)
}

// openBucket opens the journal at s3://BUCKET/PREFIX. Nothing is asked of S3 yet.
func openBucket(c *connection, address string) (openStore, error) {
	bucket, prefix, err := bucketOf(address)
	if err != nil {
		return nil, err
	}
	return s3.New(c.aws.Bucket(bucket), prefix, nil), nil
}

// bucketOf divides s3://BUCKET/PREFIX. A prefix that is not empty ends in a slash.
func bucketOf(address string) (bucket, prefix string, err error) {
	bucket, prefix, _ = strings.Cut(strings.TrimPrefix(address, bucketScheme), "/")
	if len(bucket) < 3 {
		return "", "", &usageError{fmt.Errorf("%s names no bucket", address), "as in --journal s3://my-bucket/setmend"}
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return bucket, prefix, nil
}

func openJournalFile(path string) (*sqlite.Journal, error) {
	j, err := sqlite.Open(path)
	if err != nil {
		return nil, &hintedError{err, "check --journal (SETMEND_JOURNAL): a file in a directory that can be written, or s3://BUCKET/PREFIX", exitConfig}
	}
	return j, nil
}

func (a *app) journalPath(account fleet.AccountID, region fleet.Region) (string, error) {
	name := fmt.Sprintf("%s-%s", account, region)
	if u, err := url.Parse(a.endpoint); err == nil && u.Host != "" {
		sum := sha256.Sum256([]byte(u.Host))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	return a.stateFile(name + ".db")
}

const journalPlace = "name a file with --journal (SETMEND_JOURNAL), or a folder that can be written with XDG_STATE_HOME"

// stateFile is a place in the folder where the system keeps what programs
// remember. The folder is made if it is not there.
func (a *app) stateFile(name string) (string, error) {
	state := a.getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", &hintedError{fmt.Errorf("finding a place for the journal: %w", err), journalPlace, exitConfig}
		}
		state = filepath.Join(home, ".local", "state")
	}
	folder := filepath.Join(state, "setmend")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", &hintedError{fmt.Errorf("making a place for the journal: %w", err), journalPlace, exitConfig}
	}
	return filepath.Join(folder, name), nil
}

// apiReport is the calls so far in the report's form.
func apiReport(aws *cloud.AWS) report.API {
	s := aws.Stats()
	return report.API{Calls: s.Calls, Writes: s.Writes, Throttled: s.Throttled, ByAction: s.ByAction}
}
