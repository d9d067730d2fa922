package cloudcontrol

import (
	"net/http"
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Operation statuses.
const (
	pending    = "PENDING"
	inProgress = "IN_PROGRESS"
	success    = "SUCCESS"
	failed     = "FAILED"
	cancelled  = "CANCEL_COMPLETE"
)

// request is one request to change a resource.
type request struct {
	account, region, token string
	client                 clientToken
	typ, identifier        string
	operation              string // CREATE, UPDATE, DELETE
	status                 string
	code, message          string
	model                  string
	asked, at              time.Time
	what                   string // what was asked for, to recognise a repetition
	timer                  *core.Timer
}

// clientToken is a client's token in its account and region.
type clientToken struct{ account, region, token string }

// Progress is a request as it stands.
type Progress struct {
	TypeName, Identifier, RequestToken string
	Operation, OperationStatus         string
	EventTime                          time.Time
	ResourceModel                      string
	StatusMessage, ErrorCode           string
}

func (r *request) progress() *Progress {
	return &Progress{
		TypeName: r.typ, Identifier: r.identifier, RequestToken: r.token, Operation: r.operation, OperationStatus: r.status,
		EventTime: r.at, ResourceModel: r.model, StatusMessage: r.message, ErrorCode: r.code,
	}
}

func (r *request) running() bool { return r.status == pending || r.status == inProgress }

// problem is how a resource handler fails.
type problem struct{ code, message string }

// outcome is what a request comes to.
type outcome struct {
	identifier, model string
	problem           *problem
}

// begin takes a request in and carries it out some seconds later. A request that
// repeats another's client token answers with that one.
func (cc *CloudControl) begin(c *core.Call, r *request, token string, do func() outcome) (*progressOutput, error) {
	cc.forget()
	r.account, r.region = c.Caller.Account, c.Region
	r.client = clientToken{r.account, r.region, token}
	if earlier := cc.byClient[r.client]; token != "" && earlier != nil && c.Now().Sub(earlier.asked) < tokenKept {
		if earlier.what != r.what {
			return nil, core.Errorf(http.StatusConflict, "ClientTokenConflictException", "Client token %s was already used for a different request", token)
		}
		return &progressOutput{earlier.progress()}, nil
	}
	if other := cc.runningOn(r); other != nil && r.identifier != "" {
		return nil, core.Errorf(http.StatusConflict, "ConcurrentOperationException",
			"Another operation on this resource is in progress. RequestToken: %s", other.token)
	}
	r.token, r.asked, r.at = cc.world.UUID(), c.Now(), c.Now()
	r.status = inProgress
	cc.requests = append(cc.requests, r)
	cc.byToken[r.token] = r
	if token != "" {
		cc.byClient[r.client] = r
	}
	r.timer = cc.world.After(cc.world.Between(time.Second, 5*time.Second), func() { r.end(do(), cc.world.Now()) })
	return &progressOutput{r.progress()}, nil
}

func (r *request) end(o outcome, now time.Time) {
	r.at = now
	if o.problem != nil {
		r.status, r.code, r.message = failed, o.problem.code, o.problem.message
		return
	}
	r.status, r.identifier, r.model = success, o.identifier, o.model
}

// runningOn finds a running request for the same resource.
func (cc *CloudControl) runningOn(r *request) *request {
	for _, other := range slices.Backward(cc.requests) {
		if other.running() && other.account == r.account && other.region == r.region && other.typ == r.typ && other.identifier == r.identifier {
			return other
		}
	}
	return nil
}

// forget drops the requests that are too old to be looked up.
func (cc *CloudControl) forget() {
	keep := slices.IndexFunc(cc.requests, func(r *request) bool { return cc.world.Now().Sub(r.asked) < kept })
	if keep < 0 {
		keep = len(cc.requests)
	}
	for _, r := range cc.requests[:keep] {
		delete(cc.byToken, r.token)
		if cc.byClient[r.client] == r {
			delete(cc.byClient, r.client)
		}
	}
	cc.requests = slices.Delete(cc.requests, 0, keep)
}

type progressOutput struct{ ProgressEvent *Progress }

type tokenInput struct {
	RequestToken string `valid:"required,min=1,max=128"`
}

func (cc *CloudControl) find(c *core.Call, token string) (*request, error) {
	cc.forget()
	r := cc.byToken[token]
	if r == nil || r.account != c.Caller.Account || r.region != c.Region {
		return nil, core.Errorf(http.StatusNotFound, "RequestTokenNotFoundException", "Request with token %s was not found", token)
	}
	return r, nil
}

func (cc *CloudControl) getResourceRequestStatus(c *core.Call, in *tokenInput) (*progressOutput, error) {
	r, err := cc.find(c, in.RequestToken)
	if err != nil {
		return nil, err
	}
	return &progressOutput{r.progress()}, nil
}

func (cc *CloudControl) cancelResourceRequest(c *core.Call, in *tokenInput) (*progressOutput, error) {
	r, err := cc.find(c, in.RequestToken)
	if err != nil {
		return nil, err
	}
	if r.running() {
		cc.world.Cancel(r.timer)
		r.status, r.at = cancelled, c.Now()
	}
	return &progressOutput{r.progress()}, nil
}

type statusFilter struct {
	Operations        []string `each:"enum=CREATE|UPDATE|DELETE"`
	OperationStatuses []string `each:"enum=PENDING|IN_PROGRESS|SUCCESS|FAILED|CANCEL_IN_PROGRESS|CANCEL_COMPLETE"`
}

func (f *statusFilter) passes(r *request) bool {
	return f == nil || (len(f.Operations) == 0 || slices.Contains(f.Operations, r.operation)) &&
		(len(f.OperationStatuses) == 0 || slices.Contains(f.OperationStatuses, r.status))
}

type listRequestsInput struct {
	MaxResults                  *int32 `valid:"min=1,max=100"`
	NextToken                   string `valid:"min=1,max=2048"`
	ResourceRequestStatusFilter *statusFilter
}

type listRequestsOutput struct {
	ResourceRequestStatusSummaries []*Progress
	NextToken                      string
}

func (cc *CloudControl) listResourceRequests(c *core.Call, in *listRequestsInput) (*listRequestsOutput, error) {
	cc.forget()
	all := []*Progress{}
	for _, r := range slices.Backward(cc.requests) {
		if r.account == c.Caller.Account && r.region == c.Region && in.ResourceRequestStatusFilter.passes(r) {
			all = append(all, r.progress())
		}
	}
	some, next, err := page(all, in.NextToken, in.MaxResults)
	return &listRequestsOutput{some, next}, err
}
