package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/awssim"
)

// The subcommands of sim control an embedded AWS that is being served.

func (a *app) simResetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reset", Short: "Make everything in the embedded AWS as it was at the start", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := a.control(cmd.Context(), http.MethodPost, "reset", nil)
			return err
		},
	}
}

func (a *app) simFaultsCommand() *cobra.Command {
	var clear bool
	cmd := &cobra.Command{
		Use: "faults [FILE]", Short: "List the faults in force, add those of a file, or clear them",
		Long: `faults lists the faults in force and how often they fired. With a file it puts
the file's faults in force after those that are, and its changes on the
schedule, counted from now. --clear takes all faults out of force first.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !clear {
				return a.simFaults(cmd)
			}
			return a.simInject(cmd, args, clear)
		},
	}
	cmd.Flags().BoolVar(&clear, "clear", false, "take all faults out of force")
	return cmd
}

func (a *app) simFaults(cmd *cobra.Command) error {
	armed := []awssim.ArmedFault{}
	if err := a.controlled(cmd.Context(), "faults", &armed); err != nil {
		return err
	}
	return a.print(armed, func(w io.Writer) error {
		row(w, "CALL", "DOES", "MATCHED", "FIRED")
		for _, f := range armed {
			row(w, f.Call, f.Do, f.Matched, f.Fired)
		}
		return nil
	})
}

// simInject clears the faults in force, adds those of a file, or both. The file
// is read first, so that a mistake in it leaves the faults in force.
func (a *app) simInject(cmd *cobra.Command, files []string, clear bool) error {
	var plan []byte
	if len(files) > 0 {
		var err error
		if _, plan, err = readFaults(files[0]); err != nil {
			return err
		}
	}
	if clear {
		if _, err := a.control(cmd.Context(), http.MethodDelete, "faults", nil); err != nil || plan == nil {
			return err
		}
	}
	_, err := a.control(cmd.Context(), http.MethodPost, "faults", plan)
	return err
}

func (a *app) simAdvanceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "advance DURATION", Short: "Move the embedded AWS's time forward, such as by 90s or 12h", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			by, err := time.ParseDuration(args[0])
			if err != nil || by < 0 {
				return &usageError{fmt.Errorf("%q is no duration to advance by", args[0]), "give one such as 90s, 10m or 12h"}
			}
			body, err := json.Marshal(map[string]string{"by": by.String()})
			if err != nil {
				return err
			}
			text, err := a.control(cmd.Context(), http.MethodPost, "advance", body)
			if err != nil {
				return err
			}
			var out struct {
				Now time.Time `json:"now"`
			}
			if err := json.Unmarshal(text, &out); err != nil {
				return fmt.Errorf("reading the time of the embedded AWS: %w", err)
			}
			return a.print(out, func(w io.Writer) error { row(w, out.Now.Format(time.RFC3339)); return nil })
		},
	}
}

func (a *app) simSnapshotCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "snapshot", Short: "Write the organization, its stack sets and instances down", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := a.control(cmd.Context(), http.MethodGet, "snapshot", nil)
			if err != nil {
				return err
			}
			if out == "" {
				_, err = a.stdout.Write(text)
				return err
			}
			if err := os.WriteFile(out, text, 0o644); err != nil {
				return &hintedError{fmt.Errorf("writing the snapshot: %w", err), "choose another file with --out", exitConfig}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write to, instead of stdout")
	return cmd
}

func (a *app) simLoadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "load FILE", Short: "Start the embedded AWS over from a snapshot", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			snapshot, err := readSnapshot(args[0])
			if err != nil {
				return err
			}
			body, err := json.Marshal(snapshot)
			if err != nil {
				return err
			}
			_, err = a.control(cmd.Context(), http.MethodPost, "load", body)
			return err
		},
	}
}

// handMade is a change of a live resource behind CloudFormation's back, as the
// control endpoint takes it.
type handMade struct {
	StackSet string `json:"stackSet"`
	Account  string `json:"account"`
	Region   string `json:"region"`
	Resource string `json:"resource"`
	Property string `json:"property,omitempty"` // a JSON pointer; "" deletes the resource
	Value    any    `json:"value,omitempty"`    // nil removes the property
}

func (a *app) simDriftCommand() *cobra.Command {
	var set, remove string
	var deleted bool
	cmd := &cobra.Command{
		Use:   "drift STACKSET ACCOUNT REGION RESOURCE (--set POINTER=VALUE | --remove POINTER | --delete)",
		Short: "Change a live resource by hand, as somebody in the console would",
		Long: `drift changes a resource of a stack instance behind CloudFormation's back.
RESOURCE is the logical id in the template, POINTER a JSON pointer into the
resource's properties, and VALUE is JSON or else a text:

  setmend sim drift alerts 200000000001 eu-central-1 Topic --set /DisplayName=mine
  setmend sim drift alerts 200000000001 eu-central-1 Topic --delete`,
		Args: cobra.ExactArgs(4),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := handMade{StackSet: args[0], Account: args[1], Region: args[2], Resource: args[3]}
			if err := change.read(cmd.Flags().Changed, set, remove); err != nil {
				return err
			}
			body, err := json.Marshal(change)
			if err != nil {
				return err
			}
			_, err = a.control(cmd.Context(), http.MethodPost, "drift", body)
			return err
		},
	}
	cmd.Flags().StringVar(&set, "set", "", "POINTER=VALUE: give a property another value")
	cmd.Flags().StringVar(&remove, "remove", "", "POINTER: take a property away")
	cmd.Flags().BoolVar(&deleted, "delete", false, "delete the resource")
	return cmd
}

// read fills in what is to be done, of which exactly one must be given.
func (h *handMade) read(given func(flag string) bool, set, remove string) error {
	const hint = "give exactly one of --set POINTER=VALUE, --remove POINTER and --delete; a pointer looks like /Tags/0/Value"
	var chosen []string
	for _, flag := range []string{"set", "remove", "delete"} {
		if given(flag) {
			chosen = append(chosen, flag)
		}
	}
	if len(chosen) != 1 {
		return &usageError{errors.New("what to change by hand is not clear"), hint}
	}
	if chosen[0] == "delete" {
		return nil
	}
	h.Property = remove
	if chosen[0] == "set" {
		var text string
		var ok bool
		if h.Property, text, ok = strings.Cut(set, "="); !ok {
			return &usageError{fmt.Errorf("%q gives no value", set), hint}
		}
		if err := json.Unmarshal([]byte(text), &h.Value); err != nil || h.Value == nil {
			h.Value = text
		}
	}
	if !strings.HasPrefix(h.Property, "/") {
		return &usageError{fmt.Errorf("%q is no JSON pointer", h.Property), hint}
	}
	return nil
}

func (a *app) simStatsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stats", Short: "Count the calls that the embedded AWS was sent, by action", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var stats awssim.Stats
			if err := a.controlled(cmd.Context(), "stats", &stats); err != nil {
				return err
			}
			return a.print(stats, func(w io.Writer) error {
				for _, name := range slices.Sorted(maps.Keys(stats.Calls)) {
					row(w, name, stats.Calls[name])
				}
				row(w, "all calls", stats.Total())
				row(w, "of them writes", stats.Writes)
				row(w, "of them throttled", stats.Throttled)
				return nil
			})
		},
	}
}

func (a *app) simWritesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "writes", Short: "List the calls to change something, refused ones included", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			writes := []awssim.WriteCall{}
			if err := a.controlled(cmd.Context(), "writes", &writes); err != nil {
				return err
			}
			return a.print(writes, func(w io.Writer) error {
				row(w, "TIME", "ACTION", "CALLER", "REGION", "OUTCOME", "INPUT")
				for _, c := range writes {
					row(w, c.Time.Format(time.RFC3339), c.Service+":"+c.Action, c.Caller.ARN, c.Region, outcome(c), input(c))
				}
				return nil
			})
		},
	}
}

func outcome(c awssim.WriteCall) string {
	if c.Code == "" {
		return "done"
	}
	return c.Code
}

// input are a call's parameters on a line, in the order of their names.
func input(c awssim.WriteCall) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		parts = append(parts, name+"="+c.Params[name])
	}
	return strings.Join(parts, " ")
}
