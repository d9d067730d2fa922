package main

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/journal/sqlite"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// demoPolicy is the policy of the demonstration. It is written beside the
// results, as an example of a policy file.
//
//go:embed demo.yaml
var demoPolicy []byte

// scenario flags are common to demo and sim.
type scenario struct {
	accounts int
	seed     uint64
	speed    float64
}

func (s *scenario) flags(cmd *cobra.Command, speed float64) {
	cmd.Flags().IntVar(&s.accounts, "accounts", 320, "accounts in the organization")
	cmd.Flags().Uint64Var(&s.seed, "seed", 1, "the same seed gives the same fleet")
	cmd.Flags().Float64Var(&s.speed, "speed", speed, "AWS's seconds in one of yours")
}

func (s *scenario) check() error {
	if s.accounts < 20 || s.accounts > 10_000 {
		return &usageError{fmt.Errorf("%d accounts are outside 20 to 10000", s.accounts), "choose a number in between with --accounts"}
	}
	if s.speed <= 0 {
		return &usageError{fmt.Errorf("speed %g is not positive", s.speed), "choose 1 for real time, 600 for an hour in six seconds"}
	}
	return nil
}

func (a *app) demoCommand() *cobra.Command {
	var s scenario
	var out string
	var noServe bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Heal a made-up organization of 320 accounts, on an AWS inside this process",
		Long: `demo fills an embedded AWS with the organization of a large retailer, with
everything wrong that operators complain of, heals it through the real AWS SDK,
and shows what was done. It needs no AWS account and touches none.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return a.demo(cmd.Context(), s, out, !noServe)
		},
	}
	s.flags(cmd, 600)
	cmd.Flags().StringVar(&out, "out", "setmend-demo", "folder for dashboard.html, report.json and decisions.jsonl")
	cmd.Flags().BoolVar(&noServe, "no-serve", false, "end at once instead of serving the dashboard")
	return cmd
}

func (a *app) demo(ctx context.Context, s scenario, out string, serve bool) error {
	policy, err := policy.Parse(demoPolicy)
	if err != nil {
		return fmt.Errorf("reading the demonstration's policy: %w", err)
	}
	j, err := freshJournal(out)
	if err != nil {
		return err
	}
	defer j.Close()
	time := clock.Scaled(s.speed, time.Now())
	aws, err := a.fill(s, time)
	if err != nil {
		return err
	}
	shown := newProgress(a.stderr)
	client, err := cloud.New(ctx, cloud.Config{Transport: aws.Transport(), Region: otto.HomeRegion, Clock: time,
		Random: rand.NewPCG(s.seed, 1), OnCall: shown.called})
	if err != nil {
		return err
	}
	run, err := newEmbedded(heal.Config{Cloud: client, Policy: policy, HomeRegion: client.Region(), Log: a.logger(),
		API:      func() report.API { return apiReport(client) },
		Publish:  publishTo(out, j),
		Progress: shown.show}, j, time)
	if err != nil {
		return err
	}
	report, err := run.run(ctx, runID(time, func() uint64 { return s.seed }), heal.Options{})
	shown.end()
	if err != nil {
		return err
	}
	if err := a.printReport(report); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "\nwritten: %s\n", filepath.Join(out, "dashboard.html, report.json, decisions.jsonl, setmend.yaml"))
	if !serve {
		return nil
	}
	return a.serveReport(ctx, &connection{aws: client, clock: time, policy: policy}, j)
}

// hiccup is how long a computer makes a request wait now and then, in its own
// time. At speed 600 that is as many seconds of AWS's, in which several requests
// pile up that were sent as AWS's rates ask; so its buckets are that much deeper.
const hiccup = 25 * time.Millisecond

// options are the embedded AWS's.
func (s *scenario) options(clock *clock.Clock) awssim.Options {
	return awssim.Options{Seed: s.seed, Clock: clock, Burst: 1 + int(hiccup.Seconds()*s.speed)}
}

// fill makes the embedded AWS and the fleet in it.
func (a *app) fill(s scenario, time *clock.Clock) (*awssim.AWS, error) {
	aws, err := awssim.New(s.options(time))
	if err != nil {
		return nil, fmt.Errorf("making the embedded AWS: %w", err)
	}
	if _, err := otto.Fill(aws, otto.Options{Accounts: s.accounts, Seed: s.seed}); err != nil {
		return nil, fmt.Errorf("filling the embedded AWS: %w", err)
	}
	return aws, nil
}

// freshJournal makes the demonstration's folder, policy file and an empty journal:
// what an earlier demonstration remembers is of another fleet.
func freshJournal(out string) (*sqlite.Journal, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, &hintedError{fmt.Errorf("making the folder for the results: %w", err), "choose another with --out", exitConfig}
	}
	if err := os.WriteFile(filepath.Join(out, "setmend.yaml"), demoPolicy, 0o644); err != nil {
		return nil, &hintedError{fmt.Errorf("writing the policy beside the results: %w", err), "choose another folder with --out", exitConfig}
	}
	path := filepath.Join(out, "journal.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("removing the journal of an earlier demonstration: %w", err)
		}
	}
	return openJournalFile(path)
}
