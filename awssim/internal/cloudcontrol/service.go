package cloudcontrol

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/stacks"
)

// Resources is what Cloud Control asks of the stack engine: the live resources of
// a world.
type Resources interface {
	Resources(account, region, typ string) []stacks.Live
	Find(account, region, typ, identifier string) (stacks.Live, bool)
	Make(account, region, typ string, properties map[string]any) (stacks.Live, error)
	ChangeLive(l stacks.Live, properties map[string]any) error
	DeleteLive(l stacks.Live) error
	Denied(account, region, arn, action, id string) string
	Obstacle(l stacks.Live) string
}

var _ Resources = (*stacks.Engine)(nil)

// CloudControl is the service.
type CloudControl struct {
	world     *core.World
	resources Resources
	requests  []*request          // oldest first
	byToken   map[string]*request // by request token
	byClient  map[clientToken]*request
}

// New makes the service.
func New(w *core.World, r Resources) *CloudControl {
	return &CloudControl{world: w, resources: r, byToken: map[string]*request{}, byClient: map[clientToken]*request{}}
}

// Service is the API.
func (cc *CloudControl) Service() core.Service {
	return core.Service{
		Name:         "cloudcontrolapi",
		Protocols:    []core.Protocol{core.JSON10},
		TargetPrefix: "CloudApiService",
		Actions: map[string]core.Action{
			"GetResource":              core.Do(cc.getResource),
			"ListResources":            core.Do(cc.listResources),
			"CreateResource":           core.Write(core.Do(cc.createResource)),
			"UpdateResource":           core.Write(core.Do(cc.updateResource)),
			"DeleteResource":           core.Write(core.Do(cc.deleteResource)),
			"GetResourceRequestStatus": core.Do(cc.getResourceRequestStatus),
			"ListResourceRequests":     core.Do(cc.listResourceRequests),
			"CancelResourceRequest":    core.Write(core.Do(cc.cancelResourceRequest)),
		},
	}
}

// Description is a resource's identifier and its properties as JSON.
type Description struct{ Identifier, Properties string }

type getInput struct {
	TypeName      string `valid:"required,min=10,max=196"`
	Identifier    string `valid:"required,min=1,max=1024"`
	RoleArn       string `valid:"min=20,max=2048"`
	TypeVersionId string
}

type getOutput struct {
	TypeName            string
	ResourceDescription *Description
}

func (cc *CloudControl) getResource(c *core.Call, in *getInput) (*getOutput, error) {
	if err := checkType(in.TypeName); err != nil {
		return nil, err
	}
	l, ok := cc.resources.Find(c.Caller.Account, c.Region, in.TypeName, in.Identifier)
	if !ok {
		return nil, notFound(in.TypeName, in.Identifier)
	}
	if why := cc.denied(c, l, resource.Find(l.Type).Read, in.RoleArn); why != "" {
		return nil, core.Errorf(http.StatusBadRequest, "GeneralServiceException", "%s", why)
	}
	return &getOutput{l.Type, describe(l)}, nil
}

func describe(l stacks.Live) *Description { return &Description{l.Identifier, resource.JSON(l.Model)} }

type listInput struct {
	TypeName      string `valid:"required,min=10,max=196"`
	NextToken     string `valid:"min=1,max=2048"`
	MaxResults    *int32 `valid:"min=1,max=100"`
	ResourceModel string `valid:"min=1,max=262144"`
	RoleArn       string `valid:"min=20,max=2048"`
	TypeVersionId string
}

type listOutput struct {
	TypeName             string
	ResourceDescriptions []*Description
	NextToken            string
}

func (cc *CloudControl) listResources(c *core.Call, in *listInput) (*listOutput, error) {
	if err := checkType(in.TypeName); err != nil {
		return nil, err
	}
	all := cc.resources.Resources(c.Caller.Account, c.Region, in.TypeName)
	some, next, err := page(all, in.NextToken, in.MaxResults)
	out := &listOutput{TypeName: in.TypeName, ResourceDescriptions: []*Description{}, NextToken: next}
	for _, l := range some {
		out.ResourceDescriptions = append(out.ResourceDescriptions, describe(l))
	}
	return out, err
}

var typeName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}$`)
})

// checkType refuses types that are none, or that Cloud Control does not support.
func checkType(name string) error {
	if !typeName().MatchString(name) || strings.HasPrefix(name, "Custom::") || !resource.Known(name) {
		return core.Errorf(http.StatusNotFound, "TypeNotFoundException", "The type '%s' cannot be found.", name)
	}
	if resource.Find(name).Unsupported {
		return core.Errorf(http.StatusMethodNotAllowed, "UnsupportedActionException", "Resource type %s does not support READ action", name)
	}
	return nil
}

func notFound(typ, identifier string) *core.Error {
	return core.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Resource of type '%s' with identifier '%s' was not found.", typ, identifier)
}

// denied tells how an SCP keeps the caller, or the role it hands over, from an
// action on a resource.
func (cc *CloudControl) denied(c *core.Call, l stacks.Live, action, role string) string {
	return cc.resources.Denied(l.Account, l.Region, callerARN(c, role), action, l.ID)
}

func callerARN(c *core.Call, role string) string {
	if role == "" {
		return c.Caller.ARN
	}
	return c.World.RolePrincipal(c.Caller.Account, role[strings.LastIndexByte(role, '/')+1:], "AWSCloudControl").ARN
}

// kept is how long a request can be looked up; tokenKept how long a client token
// is recognised.
const (
	kept      = 7 * 24 * time.Hour
	tokenKept = 36 * time.Hour
)
