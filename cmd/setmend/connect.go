package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan"
)

// connection is an AWS to work on, with the time it lives in and the policy.
type connection struct {
	aws    *cloud.AWS
	clock  *clock.Clock
	policy *plan.Policy
}

// connect reads the policy and connects to AWS. Nothing is sent yet.
func (a *app) connect(ctx context.Context, onCall func(string, bool)) (*connection, error) {
	policy, err := a.readPolicy()
	if err != nil {
		return nil, err
	}
	time := clock.Real()
	if a.speed != 1 {
		if time, err = a.serverClock(ctx); err != nil {
			return nil, err
		}
	}
	aws, err := cloud.New(ctx, cloud.Config{Profile: a.profile, Region: fleet.Region(a.region), CallAs: a.callAs,
		EndpointURL: a.endpoint, Clock: time, OnCall: onCall})
	if err != nil {
		return nil, err
	}
	return &connection{aws, time, policy}, nil
}

// serverClock is a fast clock set by the embedded AWS's own: ages of what it
// reports (drift checks, operations) make sense only in its time.
func (a *app) serverClock(ctx context.Context) (*clock.Clock, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, a.endpoint, nil)
	if err != nil {
		return nil, &usageError{fmt.Errorf("reading --endpoint-url %q: %w", a.endpoint, err), "give an address such as http://127.0.0.1:4566"}
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, &fleet.Error{Kind: fleet.Unreachable, Call: "asking for the time", Object: a.endpoint, Message: err.Error(), Err: err}
	}
	response.Body.Close()
	now, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return nil, fmt.Errorf("asking %s for the time: %w", a.endpoint, err)
	}
	return clock.Scaled(a.speed, now), nil
}

// readPolicy reads --config, or ./setmend.yaml if there is one.
func (a *app) readPolicy() (*plan.Policy, error) {
	path, required := a.config, a.config != ""
	if !required {
		path = "setmend.yaml"
	}
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) && !required {
		return plan.DefaultPolicy(), nil
	}
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the policy: %w", err), "check --config (SETMEND_CONFIG)", exitConfig}
	}
	policy, err := plan.ParsePolicy(text)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the policy %s: %w", path, err), "`setmend policy schema` prints what may stand in it", exitConfig}
	}
	return policy, nil
}

// openJournal opens --journal, or the one that belongs to this account, region
// and endpoint: what is remembered of one organization says nothing of another.
func (a *app) openJournal(ctx context.Context, c *connection) (*journal.SQLite, error) {
	path := a.journal
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

func openJournalFile(path string) (*journal.SQLite, error) {
	j, err := journal.Open(path)
	if err != nil {
		return nil, &hintedError{err, "check --journal (SETMEND_JOURNAL): a file in a directory that can be written", exitConfig}
	}
	return j, nil
}

func (a *app) journalPath(account fleet.AccountID, region fleet.Region) (string, error) {
	state := a.getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding a place for the journal: %w; name one with --journal", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	name := fmt.Sprintf("%s-%s", account, region)
	if u, err := url.Parse(a.endpoint); err == nil && u.Host != "" {
		sum := sha256.Sum256([]byte(u.Host))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	folder := filepath.Join(state, "setmend")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("making a place for the journal: %w", err)
	}
	return filepath.Join(folder, name+".db"), nil
}

// apiReport is the calls so far in the report's form.
func apiReport(aws *cloud.AWS) heal.APIReport {
	s := aws.Stats()
	return heal.APIReport{Calls: s.Calls, Writes: s.Writes, Throttled: s.Throttled, ByAction: s.ByAction}
}
