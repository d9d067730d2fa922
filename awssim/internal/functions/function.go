package functions

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// latest is the qualifier of what was not published.
const latest = "$LATEST"

// Limits of functions (Lambda quotas).
const (
	largestZip    = 50 << 20  // sent with a request
	largestCode   = 250 << 20 // unzipped
	functionsPage = 50
)

// function is a function as its live resource has it.
type function struct {
	live                       core.Live
	account, region, name, arn string
	configuration
}

// configuration is what a version keeps of a function.
type configuration struct {
	description, runtime, handler, role, packageType, kmsKey string
	architecture                                             string
	timeout, memory, storage                                 int
	environment                                              map[string]string
	layers                                                   []string
	deadLetter, tracing, logGroup                            string
	archive                                                  []byte // nil: not known
	size                                                     int
	sha                                                      string
	modified                                                 time.Time
}

// version is a published version.
type version struct {
	number      int
	description string
	configuration
	revision string
}

// take makes a function of a live resource, or brings it up to date.
func (f *Functions) take(l core.Live, known *function) *function {
	p := l.Properties
	fn := &function{live: l, account: l.Account, region: l.Region, name: l.ID, arn: f.arn(l.Account, l.Region, l.ID)}
	c := &fn.configuration
	c.description, c.runtime, c.handler, c.role = property.Text(p["Description"]), property.Text(p["Runtime"]), property.Text(p["Handler"]), property.Text(p["Role"])
	c.packageType, c.kmsKey = cmp.Or(property.Text(p["PackageType"]), "Zip"), property.Text(p["KmsKeyArn"])
	c.architecture = "x86_64"
	if list := property.Texts(p["Architectures"]); len(list) > 0 {
		c.architecture = list[0]
	}
	c.timeout, c.memory = property.Int(p["Timeout"], 3), property.Int(p["MemorySize"], 128)
	c.storage = property.Int(property.Map(p["EphemeralStorage"])["Size"], 512)
	c.environment = property.Strings(property.Map(p["Environment"])["Variables"])
	c.layers = property.Texts(p["Layers"])
	c.deadLetter = property.Text(property.Map(p["DeadLetterConfig"])["TargetArn"])
	c.tracing = cmp.Or(property.Text(property.Map(p["TracingConfig"])["Mode"]), "PassThrough")
	c.logGroup = cmp.Or(property.Text(property.Map(p["LoggingConfig"])["LogGroup"]), "/aws/lambda/"+fn.name)
	c.modified = l.Changed
	if n := property.Int(p["ReservedConcurrentExecutions"], -1); n >= 0 {
		f.of(fn.arn).reserved = &n
	}
	f.load(fn, known)
	return fn
}

// load reads the code. That in S3 is read once for each place that the function
// names, as AWS copies it when the function is made or its code updated.
func (f *Functions) load(fn, known *function) {
	code := property.Map(fn.live.Properties["Code"])
	switch s := f.of(fn.arn); {
	case s.archive != nil:
		fn.archive = s.archive
	case known != nil && known.archive != nil && property.JSON(property.Map(known.live.Properties["Code"])) == property.JSON(code):
		fn.archive = known.archive
	case property.Text(code["S3Bucket"]) != "":
		if body, err := f.with.Objects.Read(property.Text(code["S3Bucket"]), property.Text(code["S3Key"])); err == nil {
			fn.archive = body
		}
	case property.Text(code["ZipFile"]) != "": // source text, of which CloudFormation makes a zip
		fn.archive = zipped("index", property.Text(code["ZipFile"]))
	}
	fn.seal()
}

// seal computes what follows from the code.
func (c *configuration) seal() {
	sum := sha256.Sum256(c.archive)
	c.size, c.sha = len(c.archive), base64.StdEncoding.EncodeToString(sum[:])
}

func zipped(name, text string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if part, err := w.Create(name); err == nil {
		_, _ = part.Write([]byte(text)) // into memory
	}
	if w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// version finds what a qualifier names: a version or an alias of one.
func (f *Functions) version(fn *function, qualifier string) *version {
	current := &version{configuration: fn.configuration, revision: f.of(fn.arn).revision}
	if qualifier == "" || qualifier == latest {
		return current
	}
	for _, a := range f.aliases.At(fn.account, fn.region) {
		if a.name == qualifier && refer(fn.account, fn.region, a.function).name == fn.name {
			if qualifier = a.version; qualifier == latest {
				return current
			}
			break
		}
	}
	n, err := strconv.Atoi(qualifier)
	for _, v := range f.of(fn.arn).versions {
		if err == nil && v.number == n {
			return v
		}
	}
	if err == nil && n == 1 && f.hasVersionResource(fn) { // of a template
		current.number = 1
		return current
	}
	return nil
}

func (f *Functions) hasVersionResource(fn *function) bool {
	for _, l := range f.store.Resources(fn.account, fn.region, "AWS::Lambda::Version") {
		if refer(fn.account, fn.region, property.Text(l.Properties["FunctionName"])).name == fn.name {
			return true
		}
	}
	return false
}

type (
	environmentShape struct{ Variables map[string]string }
	layerShape       struct{ Arn string }
	targetShape      struct{ TargetArn string }
	tracingShape     struct {
		Mode string `valid:"enum=Active|PassThrough"`
	}
	storageShape struct {
		Size *int32 `valid:"min=512,max=10240"`
	}
	loggingShape struct {
		LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup string
	}
)

// configurationShape is FunctionConfiguration of the API.
type configurationShape struct {
	FunctionName, FunctionArn, Runtime, Role, Handler string
	CodeSize                                          int64
	Description                                       string
	Timeout, MemorySize                               int32
	LastModified, CodeSha256, Version                 string
	Environment                                       *environmentShape
	KMSKeyArn                                         string
	TracingConfig                                     *tracingShape
	DeadLetterConfig                                  *targetShape
	RevisionId                                        string
	Layers                                            []layerShape
	State, LastUpdateStatus, PackageType              string
	Architectures                                     []string
	EphemeralStorage                                  *storageShape
	LoggingConfig                                     *loggingShape
	SnapStart                                         *snapStart
	RuntimeVersionConfig                              *runtimeVersion
}

type snapStart struct{ ApplyOn, OptimizationStatus string }

type runtimeVersion struct{ RuntimeVersionArn string }

func (f *Functions) shape(fn *function, qualifier string) *configurationShape {
	v := f.version(fn, qualifier)
	out := &configurationShape{
		FunctionName: fn.name, FunctionArn: withQualifier(fn.arn, qualifier), Runtime: v.runtime, Role: v.role, Handler: v.handler, CodeSize: int64(v.size),
		Description: v.configuration.description, Timeout: int32(v.timeout), MemorySize: int32(v.memory), LastModified: v.modified.UTC().Format("2006-01-02T15:04:05.000+0000"),
		CodeSha256: v.sha, Version: latest, KMSKeyArn: v.kmsKey, TracingConfig: &tracingShape{v.tracing}, RevisionId: v.revision, State: "Active",
		LastUpdateStatus: "Successful", PackageType: v.packageType, Architectures: []string{v.architecture}, LoggingConfig: &loggingShape{LogFormat: "Text", LogGroup: v.logGroup},
		SnapStart: &snapStart{"None", "Off"},
	}
	if v.number > 0 {
		out.Version = strconv.Itoa(v.number)
		if v.description != "" {
			out.Description = v.description
		}
	}
	size := int32(v.storage)
	out.EphemeralStorage = &storageShape{&size}
	if len(v.environment) > 0 {
		out.Environment = &environmentShape{v.environment}
	}
	if v.deadLetter != "" {
		out.DeadLetterConfig = &targetShape{v.deadLetter}
	}
	for _, layer := range v.layers {
		out.Layers = append(out.Layers, layerShape{layer})
	}
	return out
}

type codeShape struct {
	ZipFile                                    []byte
	S3Bucket, S3Key, S3ObjectVersion, ImageUri string
	SourceKMSKeyArn                            string
}

// settings are the members that CreateFunction and UpdateFunctionConfiguration share.
type settings struct {
	Runtime          string
	Role             string `valid:"pattern=arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"`
	Handler          string `valid:"max=128,pattern=[^\\s]+"`
	Description      *string
	Timeout          *int32 `valid:"min=1"`
	MemorySize       *int32 `valid:"min=128,max=10240"`
	Environment      *environmentShape
	KMSKeyArn        string
	TracingConfig    *tracingShape
	DeadLetterConfig *targetShape
	Layers           []string
	EphemeralStorage *storageShape
	LoggingConfig    *loggingShape
}

// maxTimeout is the longest time-out, in seconds.
const maxTimeout = 900

func (s *settings) check() error {
	switch {
	case s.Timeout != nil && *s.Timeout > maxTimeout:
		return invalid("1 validation error detected: Value '%d' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900", *s.Timeout)
	case s.Environment != nil && reserved(s.Environment.Variables) != "":
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", reserved(s.Environment.Variables))
	}
	return nil
}

// reservedKeys are the environment variables that Lambda sets itself.
var reservedKeys = []string{"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"}

func reserved(variables map[string]string) string {
	var found []string
	for _, name := range sortedKeys(variables) {
		if slices.Contains(reservedKeys, name) {
			found = append(found, name)
		}
	}
	return strings.Join(found, ", ")
}

// onto puts the settings into properties. What is not given stays.
func (s *settings) onto(p map[string]any) map[string]any {
	set := func(name string, value any, given bool) {
		if given {
			p = property.With(p, name, value)
		}
	}
	set("Runtime", s.Runtime, s.Runtime != "")
	set("Role", s.Role, s.Role != "")
	set("Handler", s.Handler, s.Handler != "")
	set("KmsKeyArn", s.KMSKeyArn, s.KMSKeyArn != "")
	if s.Description != nil {
		set("Description", *s.Description, true)
	}
	if s.Timeout != nil {
		set("Timeout", float64(*s.Timeout), true)
	}
	if s.MemorySize != nil {
		set("MemorySize", float64(*s.MemorySize), true)
	}
	if s.Environment != nil {
		set("Environment", map[string]any{"Variables": property.Any(s.Environment.Variables)}, true)
	}
	if s.TracingConfig != nil {
		set("TracingConfig", map[string]any{"Mode": s.TracingConfig.Mode}, true)
	}
	if s.DeadLetterConfig != nil {
		config := map[string]any{}
		if s.DeadLetterConfig.TargetArn != "" {
			config["TargetArn"] = s.DeadLetterConfig.TargetArn
		}
		set("DeadLetterConfig", config, true)
	}
	if s.Layers != nil {
		set("Layers", property.List(s.Layers), true)
	}
	if s.EphemeralStorage != nil && s.EphemeralStorage.Size != nil {
		set("EphemeralStorage", map[string]any{"Size": float64(*s.EphemeralStorage.Size)}, true)
	}
	if s.LoggingConfig != nil {
		config := map[string]any{}
		for name, value := range map[string]string{"LogFormat": s.LoggingConfig.LogFormat, "LogGroup": s.LoggingConfig.LogGroup,
			"ApplicationLogLevel": s.LoggingConfig.ApplicationLogLevel, "SystemLogLevel": s.LoggingConfig.SystemLogLevel} {
			if value != "" {
				config[name] = value
			}
		}
		set("LoggingConfig", config, true)
	}
	return p
}

type createFunctionInput struct {
	FunctionName string `valid:"required,min=1,max=140"`
	settings
	Code          *codeShape `valid:"required"`
	PackageType   string     `valid:"enum=Zip|Image"`
	Publish       bool
	Architectures []string
	Tags          map[string]string
}

var functionName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

func (f *Functions) createFunction(c *core.Call, in *createFunctionInput) (*configurationShape, error) {
	r := refer(c.Caller.Account, c.Region, in.FunctionName)
	image := in.PackageType == "Image"
	switch {
	case !functionName.MatchString(r.name):
		return nil, invalid("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+", r.name)
	case in.Role == "":
		return nil, invalid("1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null")
	case !image && (in.Runtime == "" || in.Handler == ""):
		return nil, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	case f.find(r) != nil:
		return nil, refuse(409, "ResourceConflictException", "Function already exist: %s", r.name)
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := f.assumable(in.Role); err != nil {
		return nil, err
	}
	code, archive, err := f.codeOf(in.Code)
	if err != nil {
		return nil, err
	}
	p := in.onto(map[string]any{"FunctionName": r.name, "Code": code})
	if in.PackageType != "" {
		p["PackageType"] = in.PackageType
	}
	p = property.With(p, "Architectures", property.List(in.Architectures))
	p = property.With(p, "Tags", property.TagList(in.Tags))
	arn := f.arn(r.account, r.region, r.name)
	delete(f.state, arn)
	f.of(arn).archive = archive
	fn, _, err := f.functions.Make(r.account, r.region, p)
	if err != nil {
		return nil, conflict(err, r.name)
	}
	if in.Publish {
		v := f.publish(fn, "")
		return f.shape(fn, strconv.Itoa(v.number)), nil
	}
	return f.shape(fn, ""), nil
}

func conflict(err error, name string) error {
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return refuse(409, "ResourceConflictException", "Function already exist: %s", name)
	}
	return err
}

// assumable refuses a role that is not there.
func (f *Functions) assumable(role string) error {
	a, ok := core.ParseARN(role)
	if ok && !f.world.Access.HasRole(a.Account, role[strings.LastIndexByte(role, '/')+1:]) {
		return invalid("The role defined for the function cannot be assumed by Lambda.")
	}
	return nil
}

// codeOf reads the code of a request: the property that names it, and the archive.
func (f *Functions) codeOf(in *codeShape) (map[string]any, []byte, error) {
	switch {
	case in.ImageUri != "":
		return map[string]any{"ImageUri": in.ImageUri}, nil, nil
	case in.S3Bucket != "":
		body, err := f.with.Objects.Read(in.S3Bucket, in.S3Key)
		if err != nil {
			return nil, nil, invalid("Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.")
		}
		p := map[string]any{"S3Bucket": in.S3Bucket, "S3Key": in.S3Key}
		return property.With(p, "S3ObjectVersion", in.S3ObjectVersion), body, readable(body)
	case len(in.ZipFile) == 0:
		return nil, nil, invalid("Please provide a source for function code.")
	case len(in.ZipFile) > largestZip:
		return nil, nil, refuse(413, "RequestTooLargeException", "Request must be smaller than %d bytes for the CreateFunction operation", largestZip)
	}
	return map[string]any{}, in.ZipFile, readable(in.ZipFile)
}

func readable(archive []byte) error {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	total := uint64(0)
	for _, file := range r.File {
		total += file.UncompressedSize64
	}
	if total > largestCode {
		return invalid("Unzipped size must be smaller than %d bytes", largestCode)
	}
	return nil
}

type functionInput struct {
	FunctionName string `valid:"required,min=1,max=170"`
	Qualifier    string `valid:"min=1,max=128"`
}

type codeLocation struct{ RepositoryType, Location, ImageUri string }

type getFunctionOutput struct {
	Configuration *configurationShape
	Code          *codeLocation
	Tags          map[string]string
	Concurrency   *concurrencyShape
}

func (f *Functions) getFunction(c *core.Call, in *functionInput) (*getFunctionOutput, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &getFunctionOutput{Configuration: f.shape(fn, qualifier), Tags: property.Tags(fn.live.Properties["Tags"])}
	out.Code = &codeLocation{RepositoryType: "S3", Location: fmt.Sprintf("https://awslambda-%s-tasks.s3.%s.amazonaws.com/snapshots/%s/%s-%s", fn.region, fn.region, fn.account, fn.name, out.Configuration.RevisionId)}
	if n := f.of(fn.arn).reserved; n != nil {
		out.Concurrency = concurrencyOf(n)
	}
	return out, nil
}

func (f *Functions) getConfiguration(c *core.Call, in *functionInput) (*configurationShape, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return f.shape(fn, qualifier), nil
}

type listFunctionsInput struct {
	Marker, FunctionVersion, MasterRegion string
	MaxItems                              *int32 `valid:"min=1,max=10000"`
}

type listFunctionsOutput struct {
	Functions  []configurationShape
	NextMarker string
}

func (f *Functions) listFunctions(c *core.Call, in *listFunctionsInput) (*listFunctionsOutput, error) {
	here := f.functions.At(c.Caller.Account, c.Region)
	out := &listFunctionsOutput{Functions: []configurationShape{}}
	var names []string
	names, out.NextMarker = property.Page(sortedKeys(here), in.Marker, size(in.MaxItems))
	for _, name := range names {
		out.Functions = append(out.Functions, *f.shape(here[name], ""))
	}
	return out, nil
}

func size(n *int32) int {
	if n == nil {
		return functionsPage
	}
	return min(int(*n), functionsPage)
}

func (f *Functions) deleteFunction(c *core.Call, in *functionInput) (*struct{}, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if qualifier != "" {
		if qualifier == latest {
			return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
		}
		s := f.of(fn.arn)
		s.versions = slices.DeleteFunc(s.versions, func(v *version) bool { return strconv.Itoa(v.number) == qualifier })
		return &struct{}{}, nil
	}
	if err := f.functions.Delete(fn.live); err != nil {
		return nil, err
	}
	f.pool.retire(fn.arn)
	delete(f.state, fn.arn)
	for _, p := range f.permissionsOf(fn) {
		if err := f.permissions.Delete(p.live); err != nil {
			return nil, err
		}
	}
	return &struct{}{}, nil
}

type updateConfigurationInput struct {
	FunctionName string `valid:"required,min=1,max=140"`
	settings
	RevisionId string
}

func (f *Functions) updateConfiguration(c *core.Call, in *updateConfigurationInput) (*configurationShape, error) {
	fn, err := f.changeable(c, in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	fn, err = f.functions.Change(fn.live, in.onto(fn.live.Properties))
	if err != nil {
		return nil, err
	}
	f.changed(fn)
	return f.shape(fn, ""), nil
}

func (f *Functions) changeable(c *core.Call, name, revision string) (*function, error) {
	fn, _, err := f.function(c, name, "")
	if err == nil && revision != "" && revision != f.of(fn.arn).revision {
		return nil, refuse(412, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	}
	return fn, err
}

// changed has the next invocations begin anew.
func (f *Functions) changed(fn *function) {
	f.of(fn.arn).revision = f.world.UUID()
	f.pool.retire(fn.arn)
}

type updateCodeInput struct {
	FunctionName string `valid:"required,min=1,max=140"`
	codeShape
	Architectures   []string
	Publish, DryRun bool
	RevisionId      string
}

func (f *Functions) updateCode(c *core.Call, in *updateCodeInput) (*configurationShape, error) {
	fn, err := f.changeable(c, in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	code, archive, err := f.codeOf(&in.codeShape)
	if err != nil {
		return nil, err
	}
	if in.DryRun {
		return f.shape(fn, ""), nil
	}
	f.of(fn.arn).archive = archive
	p := property.With(fn.live.Properties, "Code", code)
	if len(in.Architectures) > 0 {
		p = property.With(p, "Architectures", property.List(in.Architectures))
	}
	if len(code) == 0 {
		p["Code"] = map[string]any{"ZipFile": "sha256:" + shaOf(archive)} // so that the change shows
	}
	if fn, err = f.functions.Change(fn.live, p); err != nil {
		return nil, err
	}
	f.changed(fn)
	if in.Publish {
		return f.shape(fn, strconv.Itoa(f.publish(fn, "").number)), nil
	}
	return f.shape(fn, ""), nil
}

func shaOf(archive []byte) string {
	sum := sha256.Sum256(archive)
	return base64.StdEncoding.EncodeToString(sum[:])
}
