package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/journal/sqlite"
)

func (a *app) journalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "journal", Short: "Check, repair, back up and restore the journal", Args: cobra.NoArgs,
		Long: `The journal is the file that holds saved parameter overrides, what is to be
created again, quarantine and history. These commands work on --journal, or on the
one that belongs to this account and region. They never create one.`,
	}
	cmd.AddCommand(a.journalCheckCommand(), a.journalRepairCommand(), a.journalBackupCommand(), a.journalRestoreCommand())
	return cmd
}

// errDamaged is the result of checking a journal in which something is damaged.
var errDamaged = errors.New("the journal is damaged")

func (a *app) journalCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Read the whole journal and compare it with its checksums", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournalFile(cmd.Context(), func(j *sqlite.Journal, path string) error {
				health, err := j.Check(cmd.Context())
				if err != nil {
					return err
				}
				if err := a.print(health, func(w io.Writer) error { return printHealth(w, path, health) }); err != nil {
					return err
				}
				if len(health.Damage) > 0 {
					return &hintedError{fmt.Errorf("checking journal %s: %w in %d places", path, errDamaged, len(health.Damage)),
						"`setmend journal repair` takes out what is damaged and keeps the rest; `setmend journal restore BACKUP` puts a backup in its place", exitFailed}
				}
				return nil
			})
		},
	}
}

func printHealth(w io.Writer, path string, health sqlite.Health) error {
	fmt.Fprintf(w, "%s: %d documents, %d logs with %d entries, %d bytes\n", path, health.Documents, health.Logs, health.Entries, health.Bytes)
	for _, damage := range health.Damage {
		fmt.Fprintln(w, "damaged:", damage)
	}
	if len(health.Damage) == 0 {
		fmt.Fprintln(w, "Everything is as it was written.")
	}
	return nil
}

func (a *app) journalRepairCommand() *cobra.Command {
	return &cobra.Command{
		Use: "repair", Short: "Take what is damaged out of the journal, and keep the rest", Args: cobra.NoArgs,
		Long: `Damaged documents are removed, damaged logs end before the damage. What is taken
out is written, as it is, to a file beside the journal first.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournalFile(cmd.Context(), func(j *sqlite.Journal, path string) error {
				health, side, err := j.Repair(cmd.Context(), now())
				if err != nil {
					return err
				}
				result := struct {
					Removed []sqlite.Damage `json:"removed"`
					KeptIn  string          `json:"keptIn,omitempty"`
				}{health.Damage, side}
				return a.print(result, func(w io.Writer) error {
					if side == "" {
						fmt.Fprintln(w, "Nothing is damaged; nothing was changed.")
						return nil
					}
					for _, damage := range health.Damage {
						fmt.Fprintln(w, "taken out:", damage)
					}
					fmt.Fprintln(w, "What was taken out is in", side)
					return nil
				})
			})
		},
	}
}

func (a *app) journalBackupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Copy the journal as it is at one moment, also while a heal runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withJournalFile(cmd.Context(), func(j *sqlite.Journal, path string) error {
				if err := j.Backup(cmd.Context(), args[0]); err != nil {
					return err
				}
				fmt.Fprintf(a.stderr, "backed up %s to %s\n", path, args[0])
				return nil
			})
		},
	}
}

func (a *app) journalRestoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the journal's place", Args: cobra.ExactArgs(1),
		Long: `The backup is checked first. The journal that it replaces is kept beside it. What
has happened since the backup is not in it: stacks that were deleted since and not
created again are no longer known. Run setmend status afterwards.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.journalFile(cmd.Context())
			if err != nil {
				return err
			}
			kept, err := sqlite.Restore(cmd.Context(), args[0], path, now())
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "restored %s from %s\n", path, args[0])
			if kept != "" {
				fmt.Fprintf(a.stderr, "what was there before is in %s\n", kept)
			}
			return nil
		},
	}
}

// journalFile returns the path of --journal, or of the journal that belongs to
// this account, region and endpoint.
func (a *app) journalFile(ctx context.Context) (string, error) {
	if strings.HasPrefix(a.journal, bucketScheme) {
		return "", &usageError{fmt.Errorf("%s is a bucket: these commands are for files", a.journal), "S3 checks what it stores, and keeps earlier versions of every object where versioning is on: `aws s3api list-object-versions` lists them"}
	}
	if a.journal != "" {
		return a.journal, nil
	}
	c, err := a.connect(ctx, nil)
	if err != nil {
		return "", err
	}
	caller, err := c.aws.Caller(ctx)
	if err != nil {
		return "", err
	}
	return a.journalPath(caller.Account, c.aws.Region())
}

// withJournalFile opens a journal that is there already.
func (a *app) withJournalFile(ctx context.Context, f func(*sqlite.Journal, string) error) error {
	path, err := a.journalFile(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &hintedError{fmt.Errorf("opening journal %s: there is none", path), "the first heal makes it; name another with --journal", exitNotFound}
	}
	j, err := openJournalFile(path)
	if err != nil {
		return err
	}
	defer j.Close()
	return f(j, path)
}
