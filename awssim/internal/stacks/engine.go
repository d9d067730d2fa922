package stacks

import (
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
	"github.com/setmend/setmend/awssim/internal/template/transform"
)

// ParameterStore is SSM Parameter Store, for parameters of SSM types and dynamic
// references. kind is the parameter's type, such as SecureString.
type ParameterStore interface {
	Value(account, region, name string) (value, kind string, ok bool)
}

// Options introduce the engine to its neighbours and set what AWS leaves open.
// The zero value is usable.
type Options struct {
	// Organization tells which OUs' SCPs apply. nil: only SCPs on accounts.
	Organization core.Organization
	// Parameters is nil where no SSM parameter exists.
	Parameters ParameterStore
	// Templates reads a TemplateURL; nil refuses them.
	Templates func(account, region, url string) (string, error)
	// Undeletable says why a service refuses to delete a live resource, such as a
	// bucket that is not empty; "" if it does not. nil: none ever does.
	Undeletable func(l core.Live) string
	// Makers make resources of types that are more than data, by type. Nested stacks
	// are the engine's own.
	Makers map[string]Maker
	// Macro runs the Lambda function of a registered macro; known is false where
	// the account has none of that name. nil: no macro is known anywhere.
	Macro func(account, region string, call transform.Macro) (fragment []byte, known bool, err error)
	// StackSetTemplate reads a stack set's template, for GetTemplateSummary; nil
	// where there are no stack sets.
	StackSetTemplate func(c *core.Call, name, callAs string) (string, error)
	// StacksPerRegion is the quota per account and region; 0 is AWS's 2,000.
	StacksPerRegion int
	// Shortest and Longest bound a stack operation's duration; 0 is 20 s and 60 s.
	Shortest, Longest time.Duration
	// DriftShortest and DriftLongest bound drift detection's; 0 is 30 s and 40 s.
	DriftShortest, DriftLongest time.Duration
	// DriftQuirks switches the ways in which AWS's drift detection is blind or
	// wrong, by name, as resource.NewQuirks reads them. Blindness is on and noise
	// off unless named. New panics for unknown names; awssim.New
	// refuses them.
	DriftQuirks []string
}

func (o *Options) complete() {
	set := func(to *time.Duration, d time.Duration) {
		if *to == 0 {
			*to = d
		}
	}
	set(&o.Shortest, 20*time.Second)
	set(&o.Longest, max(o.Shortest, 60*time.Second))
	set(&o.DriftShortest, 30*time.Second)
	set(&o.DriftLongest, max(o.DriftShortest, 40*time.Second))
	if o.StacksPerRegion == 0 {
		o.StacksPerRegion = 2000
	}
}

// Engine is CloudFormation's stack engine in one world. Like everything in a
// world it is used with the world's lock held.
type Engine struct {
	world       *core.World
	options     Options
	quirks      resource.Quirks
	templates   pool[template.Template]
	deployments pool[deployment]

	stacks  map[string]*stack // by id, deleted ones included
	names   map[stackName]*stack
	places  map[place][]*stack // in order of creation
	claims  map[claim]owner
	exports map[exportName]*export
	loose   map[looseKey]*loose
	// loosePlaces are the keys of loose by place.
	loosePlaces map[place]map[looseKey]bool
	waits       map[resourceKey]*waiting
	version     uint64               // counts changes of what is live
	drifts      map[string]*driftRun // by detection id
	sets        map[string]*changeSet
	tokens      map[tokenKey]string // client request tokens of change sets
	ended       []func(core.StackInfo)
	watched     map[string][]func(account, region string) // by resource type
}

// place is an account in a region.
type place struct{ account, region string }

type stackName struct {
	place
	name string
}

// New makes an engine without stacks.
func New(w *core.World, options Options) *Engine {
	options.complete()
	quirks, err := resource.NewQuirks(options.DriftQuirks)
	if err != nil {
		panic("stacks: " + err.Error())
	}
	return &Engine{
		quirks:      quirks,
		world:       w,
		options:     options,
		stacks:      map[string]*stack{},
		names:       map[stackName]*stack{},
		places:      map[place][]*stack{},
		claims:      map[claim]owner{},
		exports:     map[exportName]*export{},
		loose:       map[looseKey]*loose{},
		loosePlaces: map[place]map[looseKey]bool{},
		waits:       map[resourceKey]*waiting{},
		drifts:      map[string]*driftRun{},
		sets:        map[string]*changeSet{},
		tokens:      map[tokenKey]string{},
	}
}

// find looks a stack up by name, if it is not deleted, or by id.
func (e *Engine) find(p place, nameOrID string) (*stack, bool) {
	if strings.HasPrefix(nameOrID, "arn:") {
		s, ok := e.stacks[nameOrID]
		return s, ok && s.place == p
	}
	s, ok := e.names[stackName{p, nameOrID}]
	return s, ok
}

// add takes a new stack in.
func (e *Engine) add(s *stack) {
	e.stacks[s.id] = s
	e.names[stackName{s.place, s.name}] = s
	e.places[s.place] = append(e.places[s.place], s)
}

// live counts the stacks of a place that are not deleted. Those that were deleted
// so long ago that AWS no longer knows them are dropped on the way.
func (e *Engine) live(p place) int {
	n := 0
	e.places[p] = slices.DeleteFunc(e.places[p], func(s *stack) bool {
		if s.status != deleteComplete {
			n++
			return false
		}
		old := e.world.Now().Sub(s.deleted) > remembered
		if old {
			delete(e.stacks, s.id)
		}
		return old
	})
	return n
}
