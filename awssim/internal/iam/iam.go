package iam

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/policy"
	"github.com/setmend/setmend/awssim/internal/property"
)

// home is where IAM's own resources are made.
const home = "us-east-1"

// IAM is the service in every account.
type IAM struct {
	world *core.World
	store core.LiveStore

	roles     *core.Mirror[role]
	policies  *core.Mirror[managed]
	inline    *core.Mirror[inline] // AWS::IAM::Policy
	single    *core.Mirror[inline] // AWS::IAM::RolePolicy
	profiles  *core.Mirror[profile]
	users     *core.Mirror[user]
	providers *core.Mirror[provider]

	versions map[string]*versions  // of managed policies, by ARN
	keys     map[string]*accessKey // by id
	aliases  map[string]string     // by account
	parsed   map[string]*policy.Document
}

// holder is what roles and users have in common: policies.
type holder struct {
	live            core.Live
	name, arn, path string
	id              string
	inline          map[string]string // documents by name
	attached        []string
	boundary        string
	tags            map[string]string
}

type role struct {
	holder
	trust, description string
	longest            int // session, in seconds
}

type user struct{ holder }

type managed struct {
	live                         core.Live
	name, arn, path, description string
	document                     string
	roles, users                 []string
}

// inline is a policy of a template that is put into roles and users.
type inline struct {
	live           core.Live
	name, document string
	roles, users   []string
}

type profile struct {
	live            core.Live
	name, path, arn string
	roles           []string
}

type provider struct {
	live        core.Live
	arn, url    string
	clients     []string
	thumbprints []string
}

type accessKey struct {
	id, user, account, status string
	made                      time.Time
}

// versions are the versions of a managed policy besides what its resource says.
type versions struct {
	list    []policyVersion
	current string
	next    int
}

type policyVersion struct {
	id, document string
	made         time.Time
}

// New makes the service as a view on live resources.
func New(w *core.World, store core.LiveStore) *IAM {
	i := &IAM{world: w, store: store, versions: map[string]*versions{}, keys: map[string]*accessKey{}, aliases: map[string]string{}, parsed: map[string]*policy.Document{}}
	i.roles = core.NewMirror(store, "AWS::IAM::Role", takeRole)
	i.policies = core.NewMirror(store, "AWS::IAM::ManagedPolicy", i.takeManaged)
	i.inline = core.NewMirror(store, "AWS::IAM::Policy", takeInline)
	i.single = core.NewMirror(store, "AWS::IAM::RolePolicy", takeSingle)
	i.profiles = core.NewMirror(store, "AWS::IAM::InstanceProfile", takeProfile)
	i.users = core.NewMirror(store, "AWS::IAM::User", takeUser)
	i.providers = core.NewMirror(store, "AWS::IAM::OIDCProvider", takeProvider)
	return i
}

func takeHolder(l core.Live) holder {
	p := l.Properties
	h := holder{live: l, name: l.ID, arn: property.Text(l.Model["Arn"]), path: cmp.Or(property.Text(p["Path"]), "/"), inline: map[string]string{}, attached: property.Texts(p["ManagedPolicyArns"]),
		boundary: property.Text(p["PermissionsBoundary"]), tags: property.Tags(p["Tags"])}
	for _, one := range property.Maps(p["Policies"]) {
		h.inline[property.Text(one["PolicyName"])] = property.JSON(one["PolicyDocument"])
	}
	return h
}

func takeRole(l core.Live, _ *role) *role {
	p := l.Properties
	r := &role{takeHolder(l), property.JSON(p["AssumeRolePolicyDocument"]), property.Text(p["Description"]), property.Int(p["MaxSessionDuration"], 3600)}
	r.id = property.Text(l.Model["RoleId"])
	return r
}

func takeUser(l core.Live, _ *user) *user {
	u := &user{takeHolder(l)}
	u.id = "AIDA" + strings.ToUpper(fmt.Sprintf("%017x", hash(u.arn)))
	return u
}

func hash(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return h
}

func (i *IAM) takeManaged(l core.Live, known *managed) *managed {
	p := l.Properties
	m := &managed{live: l, arn: l.ID, name: l.ID[strings.LastIndexByte(l.ID, '/')+1:], path: cmp.Or(property.Text(p["Path"]), "/"), description: property.Text(p["Description"]),
		document: property.JSON(p["PolicyDocument"]), roles: property.Texts(p["Roles"]), users: property.Texts(p["Users"])}
	if v := i.versions[m.arn]; known != nil && v != nil && known.document != m.document {
		v.add(m.document, l.Changed)
	}
	return m
}

func takeInline(l core.Live, _ *inline) *inline {
	p := l.Properties
	return &inline{l, property.Text(p["PolicyName"]), property.JSON(p["PolicyDocument"]), property.Texts(p["Roles"]), property.Texts(p["Users"])}
}

func takeSingle(l core.Live, _ *inline) *inline {
	p := l.Properties
	return &inline{l, property.Text(p["PolicyName"]), property.JSON(p["PolicyDocument"]), []string{property.Text(p["RoleName"])}, nil}
}

func takeProfile(l core.Live, _ *profile) *profile {
	return &profile{l, l.ID, cmp.Or(property.Text(l.Properties["Path"]), "/"), property.Text(l.Model["Arn"]), property.Texts(l.Properties["Roles"])}
}

func takeProvider(l core.Live, _ *provider) *provider {
	p := l.Properties
	return &provider{l, l.ID, strings.TrimPrefix(property.Text(p["Url"]), "https://"), property.Texts(p["ClientIdList"]), property.Texts(p["ThumbprintList"])}
}

// everywhere are the records of all of an account's regions.
func everywhere[T any](i *IAM, m *core.Mirror[T], account string) map[string]*T {
	out := map[string]*T{}
	for _, region := range append(i.store.Regions(account), home) {
		maps.Copy(out, m.At(account, region))
	}
	return out
}

func (i *IAM) roleOf(account, name string) *role {
	for _, region := range append(i.store.Regions(account), home) {
		if r, _ := i.roles.Get(account, region, name); r != nil {
			return r
		}
	}
	return nil
}

// inlineOf are the inline policies of a role or user: its own and those of templates.
func (i *IAM) inlineOf(account string, h *holder, isRole bool) map[string]string {
	out := maps.Clone(h.inline)
	for _, source := range []*core.Mirror[inline]{i.inline, i.single} {
		for _, p := range everywhere(i, source, account) {
			if isRole && slices.Contains(p.roles, h.name) || !isRole && slices.Contains(p.users, h.name) {
				out[p.name] = p.document
			}
		}
	}
	return out
}

// attachedTo are the ARNs of the managed policies of a role or user, sorted.
func (i *IAM) attachedTo(account string, h *holder, isRole bool) []string {
	out := slices.Clone(h.attached)
	for _, p := range everywhere(i, i.policies, account) {
		if isRole && slices.Contains(p.roles, h.name) || !isRole && slices.Contains(p.users, h.name) {
			out = append(out, p.arn)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// documentOf is the default version of a managed policy, "" if there is none.
func (i *IAM) documentOf(arn string) string {
	a, ok := core.ParseARN(arn)
	if !ok {
		return ""
	}
	if a.Account == "aws" {
		return awsManaged(arn)
	}
	p := everywhere(i, i.policies, a.Account)[arn]
	if p == nil {
		return ""
	}
	for _, v := range i.versionsOf(p).list {
		if v.id == i.versionsOf(p).current {
			return v.document
		}
	}
	return p.document
}

// awsManaged is the document of a policy of AWS's own, as far as it is known here.
func awsManaged(arn string) string {
	return awsPolicies[arn[strings.LastIndexByte(arn, '/')+1:]]
}

func allow(actions ...string) string {
	return property.JSON(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": property.List(actions), "Resource": "*"}}})
}

// awsPolicies are the policies of AWS's own that serverless installations use. One
// that is not here exists, and allows nothing where policies are evaluated.
var awsPolicies = map[string]string{
	"AdministratorAccess":                         allow("*"),
	"PowerUserAccess":                             `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeOrganization","account:ListRegions","account:GetAccountInformation"],"Resource":"*"}]}`,
	"ReadOnlyAccess":                              allow("*:Get*", "*:List*", "*:Describe*", "*:BatchGet*"),
	"AWSLambdaBasicExecutionRole":                 allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
	"AWSLambdaSQSQueueExecutionRole":              allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
	"AWSXRayDaemonWriteAccess":                    allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"),
	"AWSLambdaRole":                               allow("lambda:InvokeFunction"),
	"CloudWatchLambdaInsightsExecutionRolePolicy": allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
}

func (i *IAM) versionsOf(p *managed) *versions {
	if i.versions[p.arn] == nil {
		i.versions[p.arn] = &versions{list: []policyVersion{{"v1", p.document, p.live.Made}}, current: "v1", next: 2}
	}
	return i.versions[p.arn]
}

// mostVersions is how many versions a managed policy has at most.
const mostVersions = 5

func (v *versions) add(document string, at time.Time) policyVersion {
	one := policyVersion{fmt.Sprintf("v%d", v.next), document, at}
	v.next++
	v.list = append(v.list, one)
	v.current = one.id
	return one
}

// encoded is a document as IAM answers it: percent-encoded as in RFC 3986.
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

func missing(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func conflict(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusConflict, "DeleteConflict", format, args...)
}

func taken(err error, format string, args ...any) error {
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return core.Errorf(http.StatusConflict, "EntityAlreadyExists", format, args...)
	}
	return err
}

// document checks a policy document and returns it as a property.
func document(text string) (any, error) {
	if _, err := policy.Read(text); err != nil {
		return nil, core.Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "%v", err)
	}
	return property.Object(text), nil
}

type pageInput struct {
	Marker   string
	MaxItems *int32 `valid:"min=1,max=1000"`
}

type pageOutput struct {
	IsTruncated bool
	Marker      string
}

func (in pageInput) cut(names []string) ([]string, pageOutput) {
	size := 100
	if in.MaxItems != nil {
		size = int(*in.MaxItems)
	}
	page, next := property.Page(names, in.Marker, size)
	return page, pageOutput{next != "", next}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
