package sam

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/template"
)

// lambda is a function on its way, with what its events are connected to.
type lambda struct {
	*resource
	function object // properties of the AWS::Lambda::Function
	role     object // properties of the role that is made; kept even if it is not used
	outcomes []any  // policies that let it send what came of asynchronous calls
	alias    string // logical id of the alias, "" if there is none
}

// arn and name are how events refer to the function or its alias.
func (f *lambda) arn() any {
	if f.alias != "" {
		return ref(f.alias)
	}
	return getAtt(f.id, "Arn")
}

func (f *lambda) name() any {
	if f.alias != "" {
		return ref(f.alias)
	}
	return ref(f.id)
}

// invocation is the integration URI for an API.
func (f *lambda) invocation(partition string) any {
	name := f.id + ".Arn"
	if f.alias != "" {
		name = f.alias
	}
	return sub("arn:" + partition + ":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${" + name + "}/invocations")
}

// function makes the function, its role, version and alias, and its events.
func (r *resource) function() {
	f := &lambda{resource: r, function: obj()}
	p := r.properties
	pass(f.function, p, "FunctionName", "Handler", "Runtime", "Description", "MemorySize", "Timeout", "VpcConfig",
		"Environment", "KmsKeyArn", "ReservedConcurrentExecutions", "Layers", "FileSystemConfigs", "ImageConfig",
		"PackageType", "Architectures", "SnapStart", "EphemeralStorage", "CodeSigningConfigArn", "RuntimeManagementConfig",
		"LoggingConfig", "RecursiveLoop", "TenancyConfig", "FunctionScalingConfig", "PublishToLatestPublished", "DurableConfig")
	f.function.Set("Tags", r.tags("lambda:createdBy"))
	if !f.code() {
		return
	}
	if traced(r.t, p.Get("Tracing")) {
		f.function.Set("TracingConfig", obj("Mode", p.Get("Tracing")))
	}
	if dlq := mapOf(p.Get("DeadLetterQueue")); dlq != nil {
		if queueActions[textOf(dlq.Get("Type"))] == "" || dlq.Get("TargetArn") == nil {
			r.invalid("'DeadLetterQueue' requires Type and TargetArn properties to be specified.")
			return
		}
		f.function.Set("DeadLetterConfig", obj("TargetArn", dlq.Get("TargetArn")))
	}
	r.main("AWS::Lambda::Function", f.function)
	f.publish()
	f.functionURL()
	f.eventInvoke()
	f.makeRole()
	f.assignRole()
	f.events()
}

// queueActions are the dead-letter targets and what sends to them.
var queueActions = map[string]string{"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}

func traced(t *transformation, v any) bool {
	if v == nil {
		return false
	}
	s, _ := template.Text(t.value(v))
	return s != "PassThrough" && s != "Disabled"
}

// tags are the tag that SAM itself sets, then those of the resource.
func (r *resource) tags(own string) []any {
	return append(tagList(obj(own, "SAM")), tagList(mapOf(r.properties.Get("Tags")))...)
}

// code sets the function's code, and reports whether that is as it must be.
func (f *lambda) code() bool {
	p := f.properties
	var code any
	switch kind, _ := template.Text(f.t.value(p.Get("PackageType"))); {
	case kind == "Image":
		if p.Get("ImageUri") == nil {
			f.invalid("'ImageUri' must be set.")
			return false
		}
		if p.Get("Handler") != nil || p.Get("Runtime") != nil || p.Get("Layers") != nil {
			f.invalid("Runtime, Handler, Layers cannot be present when PackageType is of type `Image`")
			return false
		}
		code = obj("ImageUri", p.Get("ImageUri"))
	case kind != "" && kind != "Zip":
		f.invalid("invalid 'PackageType' : %s", kind)
		return false
	case p.Get("InlineCode") != nil:
		code = obj("ZipFile", p.Get("InlineCode"))
	case p.Get("CodeUri") != nil:
		location, ok := f.location("CodeUri", "S3Bucket", "S3Key", "S3ObjectVersion")
		if !ok {
			return false
		}
		code = location
	default:
		f.invalid("Only one of 'InlineCode' or 'CodeUri' can be set.")
		return false
	}
	f.function.Set("Code", code)
	if f.function.Get("PackageType") == nil && (p.Get("Runtime") == nil || p.Get("Handler") == nil) {
		f.invalid("Runtime and Handler needs to be present when PackageType is of type `Zip`")
		return false
	}
	return true
}

// location reads a property that names an object in S3, as a URI or as an
// object, and names its parts as wanted. Local paths are refused, as by AWS:
// they are for the command line to upload.
func (r *resource) location(property, bucket, key, version string) (object, bool) {
	v := r.properties.Get(property)
	if m := mapOf(v); m != nil {
		if m.Get("Bucket") == nil || m.Get("Key") == nil {
			r.invalid("'%s' requires Bucket and Key properties to be specified.", property)
			return nil, false
		}
		return obj(bucket, m.Get("Bucket"), key, m.Get("Key"), version, m.Get("Version")), true
	}
	if functionOf(v) != "" {
		r.invalid("'%s' requires Bucket and Key properties to be specified.", property)
		return nil, false
	}
	u, err := url.Parse(textOf(v))
	if err != nil || u.Scheme != "s3" || u.Host == "" || strings.TrimPrefix(u.Path, "/") == "" {
		r.invalid("'%s' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.", property)
		return nil, false
	}
	out := obj(bucket, u.Host, key, strings.TrimLeft(u.Path, "/"))
	if id := u.Query().Get("versionId"); id != "" {
		out.Set(version, id)
	}
	return out, true
}

var aliasName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9_-]+$`) })

// publish makes a version and an alias, if the function wants one.
func (f *lambda) publish() {
	wanted := f.properties.Get("AutoPublishAlias")
	if wanted == nil {
		if f.properties.Get("ProvisionedConcurrencyConfig") != nil {
			f.invalid("To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function")
		}
		if p := mapOf(f.properties.Get("DeploymentPreference")); p != nil && f.enabled(p) {
			f.invalid("'DeploymentPreference' requires AutoPublishAlias property to be specified.")
		}
		return
	}
	name, ok := f.t.value(wanted).(string)
	if !ok {
		f.invalid("'AutoPublishAlias' must be a string or a Ref to a template parameter")
		return
	}
	if !aliasName().MatchString(name) || strings.Trim(name, "0123456789") == "" {
		f.invalid("AutoPublishAlias name ('%s') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.", name)
		return
	}
	version := f.version()
	f.alias = f.id + "Alias" + strings.NewReplacer("-", "D", "_", "U").Replace(name)
	alias := f.add(f.alias, "AWS::Lambda::Alias", obj("Name", name, "FunctionName", ref(f.id), "FunctionVersion", getAtt(version, "Version"),
		"ProvisionedConcurrencyConfig", f.properties.Get("ProvisionedConcurrencyConfig")))
	f.t.renamed[f.id+".Alias"], f.t.renamed[f.id+".Version"] = f.alias, version
	if p := mapOf(f.properties.Get("DeploymentPreference")); p != nil && f.enabled(p) {
		f.deploy(p, alias)
	}
}

// version makes the version. Its logical id changes with the code.
func (f *lambda) version() string {
	hashed := obj()
	if f.t.truthy(f.properties.Get("AutoPublishAliasAllProperties")) {
		pass(hashed, f.function, f.function.Keys...)
	} else {
		code := mapOf(f.function.Get("Code"))
		for _, k := range keysOf(code) {
			hashed.Set(k, f.t.value(code.Values[k]))
		}
		environment := mapOf(f.function.Get("Environment"))
		pass(hashed, environment, keysOf(environment)...)
		pass(hashed, f.function, "MemorySize")
		if snap := mapOf(f.function.Get("SnapStart")); snap != nil && textOf(snap.Get("ApplyOn")) != "None" {
			pass(hashed, f.function, "SnapStart")
		}
	}
	hash := digest(hashed)
	if given, ok := f.t.value(f.properties.Get("AutoPublishCodeSha256")).(string); ok {
		hash = given[:min(10, len(given))]
		if description, ok := f.function.Get("Description").(string); ok {
			given = description + " " + given
		}
		f.function.Set("Description", given)
	}
	id := f.id + "Version" + hash
	body := f.add(id, "AWS::Lambda::Version", obj("FunctionName", ref(f.id), "Description", f.properties.Get("VersionDescription")))
	if body.Get("DeletionPolicy") == nil {
		body.Set("DeletionPolicy", "Retain")
		pass(body, obj("DeletionPolicy", f.properties.Get("VersionDeletionPolicy")), "DeletionPolicy")
	}
	return id
}

// functionURL makes the function's URL and, if it is public, its permissions.
func (f *lambda) functionURL() {
	config := mapOf(f.properties.Get("FunctionUrlConfig"))
	if config == nil {
		return
	}
	auth := config.Get("AuthType")
	if functionOf(auth) == "" && auth != "NONE" && auth != "AWS_IAM" {
		f.invalid("AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.")
		return
	}
	target := f.name()
	f.add(f.id+"Url", "AWS::Lambda::Url", obj("TargetFunctionArn", target, "AuthType", auth, "Cors", config.Get("Cors"), "InvokeMode", config.Get("InvokeMode")))
	if auth == "NONE" {
		f.add(f.id+"UrlPublicPermissions", "AWS::Lambda::Permission", obj("Action", "lambda:InvokeFunctionUrl", "FunctionName", clone(target), "Principal", "*", "FunctionUrlAuthType", auth))
		f.add(f.id+"URLInvokeAllowPublicAccess", "AWS::Lambda::Permission", obj("Action", "lambda:InvokeFunction", "FunctionName", clone(target), "Principal", "*", "InvokedViaFunctionUrl", true))
	}
}

// eventInvoke makes the configuration of asynchronous calls, and the queues and
// topics that it leaves to SAM.
func (f *lambda) eventInvoke() {
	config := mapOf(f.properties.Get("EventInvokeConfig"))
	if config == nil {
		return
	}
	id := f.id + "EventInvokeConfig"
	out := obj("FunctionName", ref(f.id), "Qualifier", "$LATEST", "MaximumEventAgeInSeconds", config.Get("MaximumEventAgeInSeconds"), "MaximumRetryAttempts", config.Get("MaximumRetryAttempts"))
	if name, ok := f.t.value(f.properties.Get("AutoPublishAlias")).(string); ok {
		out.Set("Qualifier", name)
	}
	destinations := obj()
	given := mapOf(config.Get("DestinationConfig"))
	for _, outcome := range []string{"OnSuccess", "OnFailure"} {
		one := mapOf(given.Get(outcome))
		if one == nil {
			continue
		}
		arn, ok := f.destination(one, id+outcome)
		if !ok {
			return
		}
		destinations.Set(outcome, obj("Destination", arn))
	}
	out.Set("DestinationConfig", destinations)
	body := f.add(id, "AWS::Lambda::EventInvokeConfig", out)
	if f.alias != "" {
		body.Set("DependsOn", []any{f.alias})
	}
}

// destination is where outcomes are sent, made if it is not given.
func (f *lambda) destination(config object, id string) (any, bool) {
	arn, kind := config.Get("Destination"), textOf(config.Get("Type"))
	made := map[string][2]string{"SQS": {"Queue", "AWS::SQS::Queue"}, "SNS": {"Topic", "AWS::SNS::Topic"}}
	policies := map[string][2]string{"SQS": {"SQSPolicy", "sqs:SendMessage"}, "SNS": {"SNSPolicy", "sns:publish"},
		"EventBridge": {"EventBridgePolicy", "events:PutEvents"}, "Lambda": {"LambdaPolicy", "lambda:InvokeFunction"}, "S3Bucket": {"S3Policy", "s3:PutObject"}}
	policy, known := policies[kind]
	if !known {
		f.invalid("'Type: %s' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']", kind)
		return nil, false
	}
	if arn == nil || isNoValue(arn) {
		what, can := made[kind]
		if !can {
			f.invalid("Destination is required if Type is not ['SQS', 'SNS']")
			return nil, false
		}
		f.add(id+what[0], what[1], obj())
		arn = getAtt(id+what[0], "Arn")
		f.t.renamed[f.id+".Destination"+what[0]] = id + what[0]
		if kind == "SNS" {
			arn = ref(id + what[0])
		}
	}
	f.outcomes = append(f.outcomes, inlinePolicy(id+policy[0], statement(policy[1], arn)))
	return arn, true
}
