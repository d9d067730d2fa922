package stacksets

import (
	"encoding/json"
	"fmt"
	"time"
)

// accept takes an operation on, runs it, queues it or refuses it.
//
// Without managed execution there is one operation at a time, and a second one
// is refused. With it, operations on different instances run side by side and
// others wait in order. Automatic deployments always wait. There is never more
// than one drift detection.
func (s *Service) accept(o *operation) error {
	if err := s.admit(o); err != nil {
		return err
	}
	t := o.set
	s.forget(t)
	t.started++
	o.number = t.started
	o.created = s.world.Now()
	t.operations = append(t.operations, o)
	t.byID[o.id] = o
	wait := s.mustWait(t, o)
	t.active = append(t.active, o)
	if wait {
		o.status = queued
		s.operationEvent(o)
		return nil
	}
	s.start(o)
	return nil
}

// admit refuses what cannot even wait.
func (s *Service) admit(o *operation) error {
	t := o.set
	queue := t.managed || o.auto != nil
	if len(t.active) > 0 && !queue {
		return inProgress(t)
	}
	if old, ok := t.find(o.id); ok {
		if s.options.IdempotentOperationIDs && old.request == o.request {
			return repeated{old}
		}
		return operationExists(o.id)
	}
	if o.action == actionDrift && t.detecting() {
		return inProgress(t)
	}
	if t.queuedCount() >= s.options.MaxQueued {
		return limitExceeded("StackSet %s has reached the limit of %d queued operations", t.stackSetID(), s.options.MaxQueued)
	}
	if s.options.RefuseWhenBusy && s.shelf(t.home).busy+len(o.scope) > s.options.MaxBusy {
		return limitExceeded("The limit of %d concurrent stack instance operations has been reached", s.options.MaxBusy)
	}
	return nil
}

// repeated is the answer to a request that was made before.
type repeated struct{ operation *operation }

func (r repeated) Error() string {
	return fmt.Sprintf("operation %s was asked for before", r.operation.id)
}

func (t *set) detecting() bool {
	for _, o := range t.active {
		if o.action == actionDrift {
			return true
		}
	}
	return false
}

func (t *set) queuedCount() int {
	n := 0
	for _, o := range t.active {
		if o.status == queued {
			n++
		}
	}
	return n
}

// forget drops operations that ended so long ago that AWS would not tell of
// them. Those that an instance names as its last are kept.
func (s *Service) forget(t *set) {
	limit := s.world.Now().Add(-s.options.KeepOperations)
	n := 0
	for n < len(t.operations) && t.operations[n].expired(limit) {
		delete(t.byID, t.operations[n].id)
		n++
	}
	t.operations = t.operations[n:]
}

func (o *operation) expired(limit time.Time) bool {
	return o.finished() && o.ended.Before(limit) && o.set.instances.operations[o] == nil
}

type operationOutput struct{ OperationId string }

// newOperation makes an operation of a request; a nil request cannot be repeated.
func (s *Service) newOperation(t *set, action, id string, prefs *Preferences, request any) *operation {
	o := &operation{set: t, id: id, action: action, prefs: prefs}
	if id == "" {
		o.id = s.world.UUID()
	}
	if s.options.IdempotentOperationIDs && request != nil {
		if text, err := json.Marshal(request); err == nil {
			o.request = action + string(text)
		}
	}
	return o
}

// answer gives the operation's id, also to a request that is repeated.
func (s *Service) answer(o *operation, err error) (*operationOutput, error) {
	if again, ok := err.(repeated); ok {
		return &operationOutput{again.operation.id}, nil
	}
	if err != nil {
		return nil, err
	}
	return &operationOutput{o.id}, nil
}

// free refuses early what could not run: AWS looks for a running operation
// before it looks at what the request is for.
func (s *Service) free(t *set, prefs *Preferences) error {
	if err := prefs.check(); err != nil {
		return err
	}
	if len(t.active) > 0 && !t.managed {
		return inProgress(t)
	}
	return nil
}
