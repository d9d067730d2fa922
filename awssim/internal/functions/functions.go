package functions

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Handler is a function in Go. It runs in a goroutine of its own and may call the
// AWS. An error is a function error of its type's name; at the context's end the
// invocation has timed out, whatever the handler does.
type Handler func(ctx context.Context, in Invocation) ([]byte, error)

// Options are how functions run.
type Options struct {
	// Run lets functions run as processes of this machine. Code from a template is
	// then executed with the rights of this process.
	Run bool
	// Endpoint is handed to processes as AWS_ENDPOINT_URL, "" for none.
	Endpoint string
	// Environment is added to every process's, such as SETMEND_SPEED=600.
	Environment []string
	// Concurrency is the account's limit of concurrent executions; 0 is AWS's 1,000.
	Concurrency int
	// UnfilteredVariables hands the environment of this process on to functions, for
	// runtimes that need more than Lambda gives them.
	UnfilteredVariables bool
}

// Objects is what Lambda asks of S3.
type Objects interface {
	Read(bucket, key string) ([]byte, error)
}

// Queues is what Lambda asks of SQS, for event source mappings.
type Queues interface {
	// Take receives up to n messages of a queue for its visibility timeout.
	Take(queueARN string, n int) []Message
	// Remove deletes a message that was taken.
	Remove(queueARN, receipt string)
	Exists(queueARN string) bool
}

// Message is a message of a queue as an event source mapping hands it on.
type Message struct {
	ID, Receipt, Body, MD5 string
	Attributes             map[string]string
	MessageAttributes      map[string]MessageAttribute
}

// MessageAttribute is an attribute of a message.
type MessageAttribute struct {
	StringValue string `json:"stringValue,omitempty"`
	BinaryValue []byte `json:"binaryValue,omitempty"`
	DataType    string `json:"dataType"`
}

// Neighbours are the services that Lambda works with.
type Neighbours struct {
	Objects Objects
	Queues  Queues
	Targets core.Deliverer
	Logs    core.Logger
	Metrics core.Reporter
	// Allowed says why a service or account may not call a function by its policy;
	// nil allows all. See [Functions.Policy].
	Matches func(pattern string, event []byte) bool // of event source filters
}

// Functions is the service in every account and region.
type Functions struct {
	world   *core.World
	options Options
	store   core.LiveStore
	with    Neighbours

	functions   *core.Mirror[function] // by name
	aliases     *core.Mirror[alias]
	permissions *core.Mirror[permission]
	mappings    *core.Mirror[mapping]
	urls        *core.Mirror[functionURL]
	configs     *core.Mirror[asyncConfig]

	state    map[string]*state  // by function ARN
	handlers map[string]Handler // by function ARN
	pool     *pool
}

// state is what no property of a function holds.
type state struct {
	archive  []byte // of code that was sent with a request
	versions []*version
	reserved *int // concurrency
	running  int
	revision string
	sids     map[string]string // of permissions, by their resource's identifier
}

// New makes the service as a view on live resources.
func New(w *core.World, store core.LiveStore, options Options, with Neighbours) *Functions {
	f := &Functions{world: w, store: store, options: options, with: with, state: map[string]*state{}, handlers: map[string]Handler{}}
	f.functions = core.NewMirror(store, "AWS::Lambda::Function", f.take)
	f.aliases = core.NewMirror(store, "AWS::Lambda::Alias", takeAlias)
	f.permissions = core.NewMirror(store, "AWS::Lambda::Permission", takePermission)
	f.mappings = core.NewMirror(store, "AWS::Lambda::EventSourceMapping", f.takeMapping)
	f.urls = core.NewMirror(store, "AWS::Lambda::Url", takeURL)
	f.configs = core.NewMirror(store, "AWS::Lambda::EventInvokeConfig", takeConfig)
	f.pool = newPool(options)
	return f
}

// Close ends all processes.
func (f *Functions) Close() { f.pool.close() }

// Handle has a Go function run as the function of an ARN, whether or not there is a
// resource of it; nil ends that.
func (f *Functions) Handle(arn string, h Handler) {
	if delete(f.handlers, arn); h != nil {
		f.handlers[arn] = h
	}
}

// Handles reports whether a Go function is registered for an ARN.
func (f *Functions) Handles(arn string) bool { return f.handlers[unqualified(arn)] != nil }

// Service is the API.
func (f *Functions) Service() core.Service {
	const functions, function = "/2015-03-31/functions", "/2015-03-31/functions/{FunctionName}"
	actions := map[string]core.Action{}
	var routes []core.Route
	on := func(name, method, path string, status int, action core.Action) {
		if method != http.MethodGet {
			action = core.Write(action)
		}
		actions[name] = action
		routes = append(routes, core.Route{Method: method, Path: path, Action: name, Status: status})
	}
	on("CreateFunction", "POST", functions, 201, core.Do(f.createFunction))
	on("ListFunctions", "GET", functions, 0, core.Do(f.listFunctions))
	on("GetFunction", "GET", function, 0, core.Do(f.getFunction))
	on("DeleteFunction", "DELETE", function, 204, core.Do(f.deleteFunction))
	on("GetFunctionConfiguration", "GET", function+"/configuration", 0, core.Do(f.getConfiguration))
	on("UpdateFunctionConfiguration", "PUT", function+"/configuration", 0, core.Do(f.updateConfiguration))
	on("UpdateFunctionCode", "PUT", function+"/code", 0, core.Do(f.updateCode))
	on("PublishVersion", "POST", function+"/versions", 201, core.Do(f.publishVersion))
	on("ListVersionsByFunction", "GET", function+"/versions", 0, core.Do(f.listVersions))
	on("CreateAlias", "POST", function+"/aliases", 201, core.Do(f.createAlias))
	on("ListAliases", "GET", function+"/aliases", 0, core.Do(f.listAliases))
	on("GetAlias", "GET", function+"/aliases/{Name}", 0, core.Do(f.getAlias))
	on("UpdateAlias", "PUT", function+"/aliases/{Name}", 0, core.Do(f.updateAlias))
	on("DeleteAlias", "DELETE", function+"/aliases/{Name}", 204, core.Do(f.deleteAlias))
	on("AddPermission", "POST", function+"/policy", 201, core.Do(f.addPermission))
	on("GetPolicy", "GET", function+"/policy", 0, core.Do(f.getPolicy))
	on("RemovePermission", "DELETE", function+"/policy/{StatementId}", 204, core.Do(f.removePermission))
	on("PutFunctionConcurrency", "PUT", "/2017-10-31/functions/{FunctionName}/concurrency", 0, core.Do(f.putConcurrency))
	on("GetFunctionConcurrency", "GET", "/2019-09-30/functions/{FunctionName}/concurrency", 0, core.Do(f.getConcurrency))
	on("DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", 204, core.Do(f.deleteConcurrency))
	on("CreateEventSourceMapping", "POST", "/2015-03-31/event-source-mappings", 202, core.Do(f.createMapping))
	on("ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings", 0, core.Do(f.listMappings))
	on("GetEventSourceMapping", "GET", "/2015-03-31/event-source-mappings/{UUID}", 0, core.Do(f.getMapping))
	on("UpdateEventSourceMapping", "PUT", "/2015-03-31/event-source-mappings/{UUID}", 202, core.Do(f.updateMapping))
	on("DeleteEventSourceMapping", "DELETE", "/2015-03-31/event-source-mappings/{UUID}", 202, core.Do(f.deleteMapping))
	on("CreateFunctionUrlConfig", "POST", "/2021-10-31/functions/{FunctionName}/url", 201, core.Do(f.createURL))
	on("GetFunctionUrlConfig", "GET", "/2021-10-31/functions/{FunctionName}/url", 0, core.Do(f.getURL))
	on("DeleteFunctionUrlConfig", "DELETE", "/2021-10-31/functions/{FunctionName}/url", 204, core.Do(f.deleteURL))
	on("PutFunctionEventInvokeConfig", "PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 0, core.Do(f.putConfig))
	on("GetFunctionEventInvokeConfig", "GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 0, core.Do(f.getConfig))
	on("DeleteFunctionEventInvokeConfig", "DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config", 204, core.Do(f.deleteConfig))
	on("ListTags", "GET", "/2017-03-31/tags/{Resource+}", 0, core.Do(f.listTags))
	on("TagResource", "POST", "/2017-03-31/tags/{Resource+}", 204, core.Do(f.tagResource))
	on("UntagResource", "DELETE", "/2017-03-31/tags/{Resource+}", 204, core.Do(f.untagResource))
	on("GetAccountSettings", "GET", "/2016-08-19/account-settings", 0, core.Do(f.getAccountSettings))
	actions["Invoke"] = core.Await(f.invoke)
	routes = append(routes, core.Route{Method: "POST", Path: function + "/invocations", Action: "Invoke", Payload: "Payload", Headers: map[string]string{
		"X-Amz-Invocation-Type": "InvocationType", "X-Amz-Log-Type": "LogType", "X-Amz-Client-Context": "ClientContext"}})
	return core.Service{Name: "lambda", Protocols: []core.Protocol{core.RESTJSON}, InvalidCode: "InvalidParameterValueException", Actions: actions, Routes: routes}
}

func (f *Functions) arn(account, region, name string) string {
	return fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s", f.world.Options.Partition, region, account, name)
}

// of returns what is kept of a function.
func (f *Functions) of(arn string) *state {
	if f.state[arn] == nil {
		f.state[arn] = &state{revision: f.world.UUID(), sids: map[string]string{}}
	}
	return f.state[arn]
}

// reference is what a caller may name a function by: a name, a partial or a full
// ARN, each with a qualifier.
type reference struct{ account, region, name, qualifier string }

func refer(account, region, text string) reference {
	r := reference{account: account, region: region}
	if a, ok := core.ParseARN(text); ok {
		r.account, r.region, text = a.Account, a.Region, a.Resource
	} else if before, after, partial := strings.Cut(text, ":function:"); partial {
		r.account, text = before, "function:"+after
	}
	text = strings.TrimPrefix(text, "function:")
	r.name, r.qualifier, _ = strings.Cut(text, ":")
	return r
}

// unqualified is a function's ARN without version or alias.
func unqualified(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 7 && parts[2] == "lambda" {
		return strings.Join(parts[:7], ":")
	}
	return arn
}

// find finds a function, nil if there is none.
func (f *Functions) find(r reference) *function {
	fn, _ := f.functions.Get(r.account, r.region, r.name)
	return fn
}

// function finds the function that a call is about.
func (f *Functions) function(c *core.Call, name, qualifier string) (*function, string, error) {
	r := refer(c.Caller.Account, c.Region, name)
	if qualifier == "" {
		qualifier = r.qualifier
	}
	arn := f.arn(r.account, r.region, r.name)
	fn := f.find(r)
	if fn == nil {
		return nil, "", notFound("Function not found: " + withQualifier(arn, qualifier))
	}
	if qualifier != "" && qualifier != latest && f.version(fn, qualifier) == nil {
		return nil, "", notFound("Function not found: " + withQualifier(arn, qualifier))
	}
	return fn, qualifier, nil
}

func withQualifier(arn, qualifier string) string {
	if qualifier == "" {
		return arn
	}
	return arn + ":" + qualifier
}

func notFound(message string) *core.Error {
	return refuse(404, "ResourceNotFoundException", "%s", message)
}

// refuse makes an error with Lambda's Type.
func refuse(status int, code, format string, args ...any) *core.Error {
	e := core.Errorf(status, code, format, args...)
	e.Fields = map[string]string{"Type": "User"}
	return e
}

func invalid(format string, args ...any) *core.Error {
	return refuse(400, "InvalidParameterValueException", format, args...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
