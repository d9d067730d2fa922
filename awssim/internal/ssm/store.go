package ssm

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Types and tiers of parameters.
const (
	String       = "String"
	StringList   = "StringList"
	SecureString = "SecureString"

	standard    = "Standard"
	advanced    = "Advanced"
	intelligent = "Intelligent-Tiering"
)

// keptVersions is how many versions of a parameter AWS keeps.
const keptVersions = 100

// Store is Parameter Store in every account and region.
type Store struct {
	world *core.World
	live  *core.Mirror[parameter]
	// pending is the version that this service is about to write.
	pending *version
}

type parameter struct {
	name, tier string
	versions   []version // oldest first, at most keptVersions
	tags       map[string]string
}

type version struct {
	number                             int64
	value, kind, dataType              string
	description, allowedPattern, keyID string
	user                               string // ARN of who wrote it
	modified                           time.Time
	labels                             []string
	tier                               string
}

// New makes the service as a view on the live parameters.
func New(w *core.World, store core.LiveStore) *Store {
	s := &Store{world: w}
	s.live = core.NewMirror(store, liveType, s.take)
	return s
}

// Service is the API.
func (s *Store) Service() core.Service {
	return core.Service{
		Name:         "ssm",
		Protocols:    []core.Protocol{core.JSON11},
		TargetPrefix: "AmazonSSM",
		Actions: map[string]core.Action{
			"PutParameter":           core.Write(core.Do(s.putParameter)),
			"GetParameter":           core.Do(s.getParameter),
			"GetParameters":          core.Do(s.getParameters),
			"GetParametersByPath":    core.Do(s.getParametersByPath),
			"GetParameterHistory":    core.Do(s.getParameterHistory),
			"DescribeParameters":     core.Do(s.describeParameters),
			"DeleteParameter":        core.Write(core.Do(s.deleteParameter)),
			"DeleteParameters":       core.Write(core.Do(s.deleteParameters)),
			"LabelParameterVersion":  core.Write(core.Do(s.labelParameterVersion)),
			"AddTagsToResource":      core.Write(core.Do(s.addTags)),
			"RemoveTagsFromResource": core.Write(core.Do(s.removeTags)),
			"ListTagsForResource":    core.Do(s.listTags),
		},
	}
}

// Value is a parameter's value and type, for services that resolve it: the
// latest, or that of the version that the name ends with after a colon.
func (s *Store) Value(account, region, name string) (value, kind string, ok bool) {
	if value, ok := published(region, name); ok {
		return value, String, true
	}
	name, selector := split(name)
	p := s.live.At(account, region)[name]
	if p == nil {
		return "", "", false
	}
	v := p.latest()
	if selector != "" {
		if v = p.version(selector[1:]); v == nil {
			return "", "", false
		}
	}
	return v.value, v.kind, true
}

// Put writes a String parameter, for filling a world.
func (s *Store) Put(account, region, name, value string) error {
	c := &core.Call{World: s.world, Region: region, Caller: core.Principal{Account: account}}
	_, err := s.putParameter(c, &putParameterInput{Name: name, Value: value, Type: String, Overwrite: true})
	return err
}

func (s *Store) here(c *core.Call) map[string]*parameter {
	return s.live.At(c.Caller.Account, c.Region)
}

func (p *parameter) latest() *version { return &p.versions[len(p.versions)-1] }

// find resolves a parameter's name, which may be an ARN and may end in :version
// or :label.
func (s *Store) find(c *core.Call, ref string) (p *parameter, v *version, selector string, err error) {
	name, selector := split(plainName(ref))
	if p = s.here(c)[name]; p == nil {
		p = publicParameter(c.Region, name)
	}
	if p == nil {
		return nil, nil, "", refuse("ParameterNotFound", "Parameter %s not found.", name)
	}
	if selector == "" {
		return p, p.latest(), "", nil
	}
	if v = p.version(selector[1:]); v == nil {
		return nil, nil, "", refuse("ParameterVersionNotFound", "Systems Manager could not find version %s of %s.", selector[1:], name)
	}
	return p, v, selector, nil
}

// plainName takes the name out of an ARN: …:parameter/a/b is /a/b, and a name
// without a hierarchy is the one that has no further slash.
func plainName(ref string) string {
	if !strings.HasPrefix(ref, "arn:") {
		return ref
	}
	_, name, found := strings.Cut(ref, ":parameter/")
	if !found {
		return ref
	}
	if strings.Contains(name, "/") {
		return "/" + name
	}
	return name
}

func split(name string) (base, selector string) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i:]
	}
	return name, ""
}

func (p *parameter) version(selector string) *version {
	number, err := strconv.ParseInt(selector, 10, 64)
	for i := range p.versions {
		v := &p.versions[i]
		if err == nil && v.number == number || err != nil && slices.Contains(v.labels, selector) {
			return v
		}
	}
	return nil
}

func (s *Store) arn(c *core.Call, name string) string {
	account := c.Caller.Account
	if strings.HasPrefix(name, publicRoot) {
		account = ""
	}
	return fmt.Sprintf("arn:%s:ssm:%s:%s:parameter/%s", s.world.Options.Partition, c.Region, account, strings.TrimPrefix(name, "/"))
}

// shown is the value as answered: encrypted, unless it is no secret or the caller
// asked for it in the clear.
func (v *version) shown(decrypt bool) string {
	if v.kind != SecureString || decrypt {
		return v.value
	}
	h := fnv.New128a()
	fmt.Fprintf(h, "%s %d %s", v.keyID, v.number, v.value)
	return base64.StdEncoding.EncodeToString(append([]byte{1, 2, 2, 0, 0x78}, h.Sum(nil)...))
}

func refuse(code, format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, format, args...)
}
