package functions

import (
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Lives of sandboxes: AWS keeps an idle one for some minutes and none for more than
// some hours; neither is documented.
const (
	idleLife = 10 * time.Minute
	longest  = 2 * time.Hour
)

// pool keeps the processes that run functions. A process serves one invocation at a
// time; one that is idle serves the next of its function.
type pool struct {
	options Options

	mu     sync.Mutex // guards what follows
	idle   map[string][]*sandbox
	all    map[*sandbox]bool
	folder string // of unpacked code, made when first needed
	epoch  map[string]int
	closed bool
}

func newPool(options Options) *pool {
	return &pool{options: options, idle: map[string][]*sandbox{}, all: map[*sandbox]bool{}, epoch: map[string]int{}}
}

// run runs one invocation in a process of the function, which is started if none is
// idle.
func (p *pool) run(arn string, c configuration, in Invocation, limit time.Duration) report {
	key := in.FunctionARN + " " + c.sha
	s := p.take(key)
	if s == nil {
		var r report
		if s, r = p.start(arn, key, c, in); s == nil {
			return r
		}
	}
	r := s.invoke(in, limit)
	r.stream = s.id
	if s.dead() || !p.keep(s) {
		s.stop()
		p.drop(s)
	}
	return r
}

// take returns an idle process that is young enough, nil if there is none.
func (p *pool) take(key string) *sandbox {
	p.mu.Lock()
	defer p.mu.Unlock()
	for list := p.idle[key]; len(list) > 0; list = p.idle[key] {
		s := list[len(list)-1]
		p.idle[key] = list[:len(list)-1]
		if !s.dead() && time.Since(s.used) < idleLife && time.Since(s.started) < longest {
			return s
		}
		delete(p.all, s)
		go s.stop()
	}
	return nil
}

func (p *pool) keep(s *sandbox) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || s.epoch != p.epoch[s.arn] {
		return false
	}
	s.used = time.Now()
	p.idle[s.key] = append(p.idle[s.key], s)
	return true
}

func (p *pool) drop(s *sandbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, s)
}

// start begins a process. What keeps it from starting is the invocation's failure.
func (p *pool) start(arn, key string, c configuration, in Invocation) (*sandbox, report) {
	root, err := p.unpacked(c)
	if err != nil {
		var r report
		r.payload, r.failure = failed("Runtime.InvalidEntrypoint", "RequestId: %s Error: %v", in.RequestID, err)
		return nil, r
	}
	p.mu.Lock()
	epoch, closed := p.epoch[arn], p.closed
	p.mu.Unlock()
	var r report
	if closed {
		r.payload, r.failure = failed("Runtime.ExitError", "RequestId: %s Error: the embedded AWS has ended", in.RequestID)
		return nil, r
	}
	s, err := startSandbox(root, c, in, p.options)
	if err != nil {
		r.payload, r.failure = failed("Runtime.InvalidEntrypoint", "RequestId: %s Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]: %v", in.RequestID, err)
		return nil, r
	}
	s.arn, s.key, s.epoch = arn, key, epoch
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[s] = true
	return s, r
}

// unpacked returns the folder of a function's code, unpacked once.
func (p *pool) unpacked(c configuration) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.folder == "" {
		folder, err := os.MkdirTemp("", "awssim-functions-")
		if err != nil {
			return "", err
		}
		p.folder = folder
	}
	root := filepath.Join(p.folder, hexOf(c.archive))
	if _, err := os.Stat(root); err == nil {
		return root, nil
	}
	return root, unpack(c.archive, root)
}

// retire has no process of a function serve another invocation.
func (p *pool) retire(arn string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch[arn]++
	for key, list := range p.idle {
		for _, s := range list {
			if s.arn == arn {
				delete(p.all, s)
				go s.stop()
			}
		}
		if len(list) > 0 && list[0].arn == arn {
			delete(p.idle, key)
		}
	}
}

// close ends all processes and removes their code.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	all := p.all
	p.all, p.idle = map[*sandbox]bool{}, map[string][]*sandbox{}
	folder := p.folder
	p.folder = ""
	p.mu.Unlock()
	for s := range all {
		s.stop()
	}
	if folder != "" {
		_ = os.RemoveAll(folder) // what cannot be removed is the system's to clean
	}
}
