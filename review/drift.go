package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/drift"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// DriftReader reads what AWS's drift detection has found. Every error is or wraps a
// *fleet.Error.
type DriftReader interface {
	// ResourceDrifts reads a cell's drifted resources as of a drift operation.
	ResourceDrifts(ctx context.Context, cell fleet.Cell, operation string) ([]fleet.ResourceDrift, error)
	// Recent lists the newest operations of a stack set, at most limit, newest first.
	Recent(ctx context.Context, name fleet.StackSetName, limit int) ([]fleet.Operation, error)
}

// Difference is one way in which one resource of one instance differs from its
// template.
type Difference struct {
	fleet.Cell
	LogicalID    string                    `json:"logicalId"`
	ResourceType string                    `json:"resourceType"`
	Status       fleet.ResourceDriftStatus `json:"status"`
	// Property is a JSON pointer, "" where the resource is gone, or where AWS does not
	// say what differs.
	Property string `json:"property,omitempty"`
	Change   string `json:"change,omitempty"` // ADD, REMOVE, NOT_EQUAL
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
	// Ignored says why it does not count, "" if it does.
	Ignored string    `json:"ignored,omitempty"`
	Checked time.Time `json:"checked,omitzero"`
}

// SetDrift is how far a stack set's drift is known.
type SetDrift struct {
	StackSet  fleet.StackSetName `json:"stackSet"`
	Instances int                `json:"instances"`
	Drifted   int                `json:"drifted"` // instances with a difference that counts
	Ignored   int                `json:"ignored"` // drifted ones without any that counts
	InSync    int                `json:"inSync"`
	Unchecked int                `json:"unchecked"`
	LastCheck time.Time          `json:"lastCheck,omitzero"`
	// Unseen says, by resource type, what AWS's drift detection cannot see of the set.
	Unseen map[string]string `json:"unseen,omitempty"`
}

// Drift is what has drifted in some stack sets.
type Drift struct {
	Sets        []SetDrift   `json:"sets"`
	Differences []Difference `json:"differences,omitempty"` // sorted by cell, resource, property
	// Unread are drifted cells whose details AWS refused, with the reason.
	Unread map[string]string `json:"unread,omitempty"`
}

// Counts lists the differences that count.
func (d *Drift) Counts() []Difference {
	return slices.DeleteFunc(slices.Clone(d.Differences), func(x Difference) bool { return x.Ignored != "" })
}

// Any reports whether anything counts: a difference, or a drifted instance of which
// nothing could be read.
func (d *Drift) Any() bool { return len(d.Counts())+len(d.Unread) > 0 }

// readers is how many cells are read side by side. AWS takes two such reads a second.
const readers = 4

// recentOperations is how far back a set's last drift detection is looked for.
const recentOperations = 100

// ReadDrift reads the details of all drifted instances of the named stack sets.
// progress is called with how many of how many cells have been read, unless it is nil.
// It fails if AWS cannot be reached; a refusal for one cell is recorded with that cell.
func ReadDrift(ctx context.Context, reader DriftReader, f *fleet.Fleet, p *policy.Policy, sets []fleet.StackSetName, progress func(done, all int)) (*Drift, error) {
	r := &driftReading{reader: reader, fleet: f, drift: &Drift{Unread: map[string]string{}}, detections: map[fleet.StackSetName]string{}, progress: progress}
	var cells []fleet.Cell
	for _, name := range sets {
		inventory := f.StackSets[name]
		if inventory == nil {
			return nil, &fleet.Error{Kind: fleet.NotFound, Call: "reading drift", Object: "stack set " + string(name), Message: "it is not in this account and region"}
		}
		own := drifted(inventory)
		if err := r.findDetection(ctx, name, own); err != nil {
			return nil, err
		}
		cells = append(cells, own...)
	}
	if err := r.readAll(ctx, p, cells); err != nil {
		return nil, err
	}
	for _, name := range sets {
		r.drift.Sets = append(r.drift.Sets, r.summary(f.StackSets[name]))
	}
	slices.SortFunc(r.drift.Differences, func(a, b Difference) int {
		return cmp.Or(a.Cell.Compare(b.Cell), cmp.Compare(a.LogicalID, b.LogicalID), cmp.Compare(a.Property, b.Property))
	})
	return r.drift, nil
}

type driftReading struct {
	reader     DriftReader
	fleet      *fleet.Fleet
	detections map[fleet.StackSetName]string // each set's last drift detection
	progress   func(done, all int)

	mu    sync.Mutex // guards what follows
	drift *Drift
	done  int
}

func drifted(inventory *fleet.Inventory) []fleet.Cell {
	var cells []fleet.Cell
	for _, i := range inventory.List() {
		if i.Drift == fleet.DriftDrifted {
			cells = append(cells, fleet.Cell{StackSet: inventory.StackSet.Name, Target: i.Target})
		}
	}
	return cells
}

// findDetection finds the set's last drift detection that has ended.
func (r *driftReading) findDetection(ctx context.Context, name fleet.StackSetName, cells []fleet.Cell) error {
	if len(cells) == 0 {
		return nil
	}
	operations, err := r.reader.Recent(ctx, name, recentOperations)
	if err != nil {
		return fmt.Errorf("looking for the last drift detection of %s: %w", name, err)
	}
	for _, o := range operations {
		if o.Kind == fleet.OperationDetectDrift && o.Status.Ended() {
			r.detections[name] = o.ID
			return nil
		}
	}
	return nil
}

func (r *driftReading) readAll(ctx context.Context, p *policy.Policy, cells []fleet.Cell) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for _, cell := range cells {
		group.Go(func() error {
			resources, err := r.read(ctx, cell)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.done++; r.progress != nil {
				r.progress(r.done, len(cells))
			}
			switch fleet.KindOf(err) {
			case "":
				if err != nil {
					return err
				}
			case fleet.NotFound, fleet.Invalid, fleet.Denied:
				r.drift.Unread[cell.String()] = err.Error()
				return nil
			default:
				return fmt.Errorf("reading what has drifted in %s: %w", cell, err)
			}
			r.drift.Differences = append(r.drift.Differences, differences(cell, resources, p.For(r.fleet.StackSets[cell.StackSet].StackSet))...)
			return nil
		})
	}
	return group.Wait()
}

// read reads a cell as of the detection that found it: its last operation, or the
// set's last detection where another operation came after it.
func (r *driftReading) read(ctx context.Context, cell fleet.Cell) ([]fleet.ResourceDrift, error) {
	detection := r.detections[cell.StackSet]
	if detection == "" {
		detection = r.fleet.StackSets[cell.StackSet].Instances[cell.Target].LastOperation
	}
	return r.reader.ResourceDrifts(ctx, cell, detection)
}

// differences takes resources apart, and marks what does not count.
func differences(cell fleet.Cell, resources []fleet.ResourceDrift, sp policy.Set) []Difference {
	var list []Difference
	for _, resource := range resources {
		if resource.Status == fleet.ResourceInSync || resource.Status == fleet.ResourceNotChecked {
			continue
		}
		for _, one := range takeApart(resource) {
			d := Difference{Cell: cell, LogicalID: one.LogicalID, ResourceType: one.ResourceType, Status: one.Status, Checked: one.Checked}
			if len(one.Differences) > 0 {
				x := one.Differences[0]
				d.Property, d.Change, d.Expected, d.Actual = x.Path, x.Type, x.Expected, x.Actual
			}
			d.Ignored = whyIgnored(one, sp)
			list = append(list, d)
		}
	}
	return list
}

// takeApart divides a resource into one for each difference.
func takeApart(resource fleet.ResourceDrift) []fleet.ResourceDrift {
	if len(resource.Differences) == 0 {
		return []fleet.ResourceDrift{resource}
	}
	var list []fleet.ResourceDrift
	for _, x := range resource.Differences {
		one := resource
		one.Differences = []fleet.PropertyDifference{x}
		list = append(list, one)
	}
	return list
}

func whyIgnored(one fleet.ResourceDrift, sp policy.Set) string {
	switch counts, _, noise := sp.FilterDrift([]fleet.ResourceDrift{one}); {
	case len(counts) > 0:
		return ""
	case len(noise) > 0:
		return "AWS reports it wrongly: " + noise[0].Fact
	}
	return "the policy's ignoreDrift"
}

func (r *driftReading) summary(inventory *fleet.Inventory) SetDrift {
	set := inventory.StackSet
	s := SetDrift{StackSet: set.Name, Instances: len(inventory.Instances), LastCheck: set.Drift.LastCheck, Unseen: drift.BlindSpots(set.Template.Types)}
	counts := map[fleet.Target]bool{}
	for _, d := range r.drift.Differences {
		if d.StackSet == set.Name && d.Ignored == "" {
			counts[d.Target] = true
		}
	}
	for target, i := range inventory.Instances {
		_, unread := r.drift.Unread[fleet.Cell{StackSet: set.Name, Target: target}.String()]
		switch {
		case i.Drift == fleet.DriftInSync:
			s.InSync++
		case i.Drift != fleet.DriftDrifted:
			s.Unchecked++
		case counts[target] || unread:
			s.Drifted++
		default:
			s.Ignored++
		}
	}
	return s
}
