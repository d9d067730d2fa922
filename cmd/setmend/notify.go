package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/notify"
)

func (a *app) notifyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notify", Short: "Try out, preview and deliver messages", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(a.notifyTestCommand(), a.notifyPreviewCommand(), a.notifyListCommand(), a.notifyFlushCommand())
	return cmd
}

// channel opens the named channel of the policy file.
func (a *app) channel(cmd *cobra.Command, name string) (notify.Channel, error) {
	s, err := a.readSettings()
	if err != nil {
		return notify.Channel{}, err
	}
	channels, err := a.channels(s, a.optionalAWS(cmd))
	if err != nil {
		return notify.Channel{}, err
	}
	for _, c := range channels {
		if c.Name == name {
			return c, nil
		}
	}
	return notify.Channel{}, &hintedError{fmt.Errorf("channel %s is not in the policy file", name), "channels stand under notify: channels:", exitNotFound}
}

// optionalAWS is a connection for channels that need AWS (SNS topics, ssm:
// secrets); the others work without.
func (a *app) optionalAWS(cmd *cobra.Command) *cloud.AWS {
	c, err := a.connect(cmd.Context(), nil)
	if err != nil {
		return nil
	}
	return c.aws
}

func (a *app) notifyTestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test NAME", Short: "Show a sample message for a channel, and send it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			channel, err := a.channel(cmd, args[0])
			if err != nil {
				return err
			}
			if err := preview(a.stdout, channel, notify.Sample(time.Now())); err != nil {
				return err
			}
			if err := notify.Try(cmd.Context(), channel, time.Now()); err != nil {
				return &hintedError{fmt.Errorf("sending to %s: %w", args[0], err), hintOf(err, "check the channel's address and secret in the policy file"), exitFailed}
			}
			fmt.Fprintf(a.stderr, "sent to %s; look whether it arrived: some services accept and drop\n", args[0])
			return nil
		},
	}
}

func hintOf(err error, otherwise string) string {
	if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
		return h.Hint()
	}
	return otherwise
}

func preview(w io.Writer, channel notify.Channel, m notify.Message) error {
	parts, err := notify.Preview(channel, m)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := fmt.Fprintf(w, "%s\n", part.Content); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) notifyPreviewCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "preview NAME", Short: "Write what a channel would be sent after the last run, without sending it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			channel, err := a.channel(cmd, args[0])
			if err != nil {
				return err
			}
			message := notify.Sample(time.Now())
			if err := a.withJournal(cmd.Context(), func(j store) error {
				report, err := lastReport(cmd.Context(), j)
				if err != nil || report == nil {
					return err
				}
				previous, err := reportBefore(cmd.Context(), j, report.Run.ID)
				message = notify.Changes(previous, runOf(report))
				return err
			}); err != nil {
				return err
			}
			if out == "" {
				return preview(a.stdout, channel, message)
			}
			return replaceFile(out, func(f *os.File) error { return preview(f, channel, message) })
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write instead of standard output")
	return cmd
}

func (a *app) notifyListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List messages that wait, and what became of the others", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				list, err := notify.NewOutbox(j, nil, notify.OutboxOptions{Log: a.logger()}).Statuses(cmd.Context())
				if err != nil {
					return err
				}
				return a.print(list, func(w io.Writer) error {
					row(w, "CHANNEL", "EVENT", "STATE", "ATTEMPTS", "ERROR")
					for _, s := range list {
						row(w, s.Channel, s.Event, s.State, s.Attempts, s.Error)
					}
					return nil
				})
			})
		},
	}
}

func (a *app) notifyFlushCommand() *cobra.Command {
	return &cobra.Command{
		Use: "flush", Short: "Deliver what waits", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.readSettings()
			if err != nil {
				return err
			}
			channels, err := a.channels(s, a.optionalAWS(cmd))
			if err != nil {
				return err
			}
			return a.withJournal(cmd.Context(), func(j store) error {
				a.flush(cmd.Context(), notify.NewOutbox(j, channels, notify.OutboxOptions{Log: a.logger()}))
				return nil
			})
		},
	}
}
