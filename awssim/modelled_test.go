package awssim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// modelled are the SDK's clients of the services whose requests are generated, by
// signing name. Their input structs are AWS's models.
func modelled(config aws.Config) map[string]any {
	return map[string]any{
		"cloudcontrolapi": cloudcontrol.NewFromConfig(config),
		"cloudformation":  cloudformation.NewFromConfig(config),
		"events":          eventbridge.NewFromConfig(config),
		"monitoring":      cloudwatch.NewFromConfig(config),
		"organizations":   organizations.NewFromConfig(config),
		"sns":             sns.NewFromConfig(config),
		"ssm":             ssm.NewFromConfig(config),
		"sts":             sts.NewFromConfig(config),
	}
}

// commonErrors are the codes that any action of a service may answer with besides
// those that its model lists: AWS's "Common errors", and the service's own for a
// broken constraint.
var commonErrors = map[string][]string{
	"cloudcontrolapi": {"ValidationException", "SerializationException"},
	"cloudformation":  {"ValidationError", "AccessDenied"},
	"events":          {"ValidationException", "SerializationException"},
	"monitoring":      {"ValidationError", "InvalidParameterValue", "InvalidParameterCombination", "SerializationException"},
	"organizations":   {"AccessDeniedException", "SerializationException"},
	"sns":             {"InvalidParameter", "ValidationError"},
	"ssm":             {"ValidationException", "SerializationException"},
	"sts":             {"ValidationError", "AccessDenied"},
}

// besideTheModel are errors that an action's model does not list and that are answered
// all the same, with why.
var besideTheModel = map[string]string{
	"cloudformation:DetectStackSetDrift OperationIdAlreadyExistsException": "the model has no other code for an operation id that is taken",
	"sns:ListTagsForResource NotFound":                                     "the model has ResourceNotFound",
	"sns:TagResource NotFound":                                             "the model has ResourceNotFound",
	"sns:UntagResource NotFound":                                           "the model has ResourceNotFound",
}

// generator makes requests of the SDK's input structs. An ordinary request has the
// members that the SDK requires and some others, with values that the world knows;
// then none, one or two members at once are spoilt: left out, emptied, given a
// boundary or what is none of an enumeration. A wild one is awkward throughout.
type generator struct {
	*rand.Rand
	known map[string][]string // values by member name, from the world and from answers
	wild  bool
}

// kinds are which members take a value of a certain form, beside the one that an
// answer told it under.
var kinds = []struct {
	form  *regexp.Regexp
	names []string
}{
	{regexp.MustCompile(`^r-[a-z0-9]{4}$`), []string{"RootId", "ParentId", "TargetId", "SourceParentId", "DestinationParentId", "ResourceId"}},
	{regexp.MustCompile(`^ou-`), []string{"OrganizationalUnitId", "ParentId", "TargetId", "SourceParentId", "DestinationParentId", "ChildId", "ResourceId"}},
	{regexp.MustCompile(`^[0-9]{12}$`), []string{"AccountId", "Account", "TargetId", "ChildId", "ResourceId"}},
	{regexp.MustCompile(`^p-`), []string{"PolicyId", "ResourceId"}},
	{regexp.MustCompile(`^h-`), []string{"HandshakeId"}},
	{regexp.MustCompile(`^car-`), []string{"CreateAccountRequestId"}},
	{regexp.MustCompile(`^arn:aws:cloudformation:.*:stack/`), []string{"StackName", "StackId"}},
	{regexp.MustCompile(`^arn:aws:cloudformation:.*:changeSet/`), []string{"ChangeSetName"}},
	{regexp.MustCompile(`^arn:aws:sns:`), []string{"TopicArn", "ResourceArn", "Identifier"}},
	{regexp.MustCompile(`^arn:aws:(events|cloudwatch):`), []string{"ResourceARN"}},
}

// lengths are the sizes about which models draw their bounds.
var lengths = []int{0, 1, 2, 3, 11, 12, 13, 20, 32, 33, 64, 65, 128, 129, 255, 256, 257, 512, 1024, 1025, 2048, 4096, 4097, 8193, 51_201}

// texts are awkward for patterns, markup and paths.
var texts = []string{"a", "A-1", "-", "aws:x", "arn:aws:sns:us-east-1:100000000000:x", "a,b", "ümlaut", "\U0001F600", "<&>\"'", "../x", "%s%n", "a b", "0", "-1", "true", "null", "[]", "{}", "*", "r-1111", "ou-1111-11111111"}

var numbers = []int64{-1, 0, 1, 2, 5, 10, 11, 20, 21, 50, 51, 60, 99, 100, 101, 300, 900, 43_200, 43_201, 129_600, 1_000_000, math.MaxInt32}

// make makes an input of which the SDK's validation, asked by valid, has what it
// requires.
func (g *generator) make(input reflect.Value, valid func(reflect.Value) error) {
	g.wild = g.IntN(8) == 0
	v := input.Elem()
	if g.wild {
		g.structure(v, 4)
		return
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).CanSet() && g.IntN(5) == 0 {
			g.fill(v.Field(i), f.Name, 3)
		}
	}
	for range 6 { // a structure that is filled may require members of its own
		var missing smithy.InvalidParamsError
		if !errors.As(valid(input), &missing) {
			break
		}
		for _, each := range missing.Errs() {
			if each, ok := each.(smithy.InvalidParamError); ok {
				g.require(v, strings.Split(each.Field(), ".")[1:])
			}
		}
	}
	for range g.IntN(3) {
		g.spoil(v)
	}
}

// require fills the member at a path such as Tags[0].Key.
func (g *generator) require(v reflect.Value, path []string) {
	for _, step := range path {
		name, index, listed := strings.Cut(step, "[")
		for v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct || !v.FieldByName(name).IsValid() {
			return
		}
		v = v.FieldByName(name)
		n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if listed && (err != nil || v.Kind() != reflect.Slice || n >= v.Len()) {
			return
		}
		if listed {
			v = v.Index(n)
		}
		if step == path[len(path)-1] {
			g.give(v, name)
		}
	}
}

// give fills a member for certain.
func (g *generator) give(v reflect.Value, name string) {
	for range 20 {
		if g.fill(v, name, 3); !v.IsZero() && (v.Kind() != reflect.Slice || v.Len() > 0) {
			return
		}
	}
}

// spoil makes one member awkward, or leaves it out.
func (g *generator) spoil(v reflect.Value) {
	i := g.IntN(v.NumField())
	if f := v.Type().Field(i); !f.IsExported() || !v.Field(i).CanSet() {
		return
	}
	v.Field(i).SetZero()
	if g.IntN(3) > 0 {
		g.wild = true
		g.fill(v.Field(i), v.Type().Field(i).Name, 3)
		g.wild = false
	}
}

// fill gives a member a value; deep bounds how far structures go.
func (g *generator) fill(v reflect.Value, name string, deep int) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		at := []time.Time{{}, time.Unix(0, 0), standing{}.Now(), standing{}.Now().AddDate(100, 0, 0)}
		v.Set(reflect.ValueOf(at[g.IntN(len(at))]))
	case v.Kind() == reflect.Pointer:
		if g.IntN(10) < 7 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), name, deep)
		}
	case v.Kind() == reflect.String:
		v.SetString(g.text(v.Type(), name))
	case v.Kind() == reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case v.CanInt():
		n := numbers[g.IntN(len(numbers))]
		if !g.wild {
			n = numbers[1+g.IntN(6)]
		}
		if !v.OverflowInt(n) {
			v.SetInt(n)
		}
	case v.CanFloat():
		v.SetFloat([]float64{0, 1, -1, 0.5, 1e300, math.SmallestNonzeroFloat64}[g.IntN(6)])
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		v.SetBytes([]byte(g.text(reflect.TypeFor[string](), name)))
	case v.Kind() == reflect.Slice && deep > 0:
		g.list(v, name, deep)
	case v.Kind() == reflect.Map && deep > 0:
		g.mapping(v, name, deep)
	case v.Kind() == reflect.Struct && deep > 0:
		g.structure(v, deep)
	}
}

func (g *generator) structure(v reflect.Value, deep int) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).CanSet() {
			g.fill(v.Field(i), f.Name, deep-1)
		}
	}
}

func (g *generator) list(v reflect.Value, name string, deep int) {
	size := []int{-1, -1, 0, 1, 1, 1, 2, 3, 11, 51, 101}[g.IntN(11)]
	if !g.wild {
		size = []int{-1, 1, 1, 1, 2}[g.IntN(5)]
	}
	if size < 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), size, size))
	for i := range size {
		g.fill(v.Index(i), strings.TrimSuffix(name, "s"), deep-1)
	}
}

func (g *generator) mapping(v reflect.Value, name string, deep int) {
	if g.IntN(3) == 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range g.IntN(4) {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		g.fill(key, name, deep-1)
		g.fill(value, name, deep-1)
		v.SetMapIndex(key, value)
	}
}

// text is a value of an enumeration or none, one that is known for a member of that
// name or another, or one of a length about a bound.
func (g *generator) text(of reflect.Type, name string) string {
	if values := valuesOf(of); len(values) > 0 {
		if g.wild && g.IntN(4) == 0 {
			return texts[g.IntN(len(texts))]
		}
		return values[g.IntN(len(values))]
	}
	switch n := g.IntN(10); {
	case !g.wild && len(g.known[name]) == 0:
		return "name" + strconv.Itoa(g.IntN(5))
	case (!g.wild || n < 4) && len(g.known[name]) > 0:
		return g.known[name][g.IntN(len(g.known[name]))]
	case n < 7:
		names := slices.Sorted(maps.Keys(g.known))
		list := g.known[names[g.IntN(len(names))]]
		return list[g.IntN(len(list))]
	case n < 9:
		return texts[g.IntN(len(texts))]
	}
	return strings.Repeat("a", lengths[g.IntN(len(lengths))])
}

// valuesOf lists what an enumeration of the SDK holds.
func valuesOf(of reflect.Type) []string {
	method, ok := of.MethodByName("Values")
	if !ok || of.Kind() != reflect.String {
		return nil
	}
	list := method.Func.Call([]reflect.Value{reflect.Zero(of)})[0]
	out := make([]string, list.Len())
	for i := range out {
		out[i] = list.Index(i).String()
	}
	return out
}

// learn remembers the texts of an answer under their members' names.
func (g *generator) learn(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			g.learn(v.Elem(), name)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				g.learn(v.Field(i), f.Name)
			}
		}
	case reflect.Slice:
		for i := range min(v.Len(), 3) {
			g.learn(v.Index(i), strings.TrimSuffix(name, "s"))
		}
	case reflect.String:
		g.remember(v.String(), name)
		for _, kind := range kinds {
			if kind.form.MatchString(v.String()) {
				for _, other := range kind.names {
					g.remember(v.String(), other)
				}
			}
		}
	}
}

// mostKnown bounds how many values are known for a member; newer ones take the place
// of older ones.
const mostKnown = 40

func (g *generator) remember(value, name string) {
	list := g.known[name]
	switch {
	case value == "" || len(value) > 2048 || name == "NextToken" || slices.Contains(list, value):
	case len(list) < mostKnown:
		g.known[name] = append(list, value)
	default:
		list[4+g.IntN(mostKnown-4)] = value // the first are the world's
	}
}

// beyondModel are statuses of a stack's own events that AWS shows and the model's
// ResourceStatus lacks (recorded events).
var beyondModel = []string{"REVIEW_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"}

// strange finds a value of an answer that its enumeration does not hold.
func strange(v reflect.Value, at string) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return strange(v.Elem(), at)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				if found := strange(v.Field(i), at+"."+f.Name); found != "" {
					return found
				}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if found := strange(v.Index(i), at); found != "" {
				return found
			}
		}
	case reflect.String:
		if values := valuesOf(v.Type()); len(values) > 0 && v.Len() > 0 && !slices.Contains(values, v.String()) && !slices.Contains(beyondModel, v.String()) {
			return fmt.Sprintf("%s is %q, which %s does not hold", at, v.String(), v.Type())
		}
	}
	return ""
}

// unchecked keeps the SDK from refusing what AWS should.
func unchecked(stack *middleware.Stack) error {
	_, _ = stack.Initialize.Remove("OperationInputValidation") // actions without input have none
	return nil
}

// nowhere fails every request.
type nowhere struct{}

func (nowhere) Do(*http.Request) (*http.Response, error) { return nil, errors.New("sent nowhere") }

// call calls an action by name with an input; err is the SDK's.
func call(client any, action string, input reflect.Value) (output reflect.Value, err error) {
	method := reflect.ValueOf(client).MethodByName(action)
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), input})
	err, _ = results[1].Interface().(error)
	return results[0], err
}

// unsent are the SDK's words for an input that it could not send.
var unsent = regexp.MustCompile(`failed to serialize|resolve endpoint|input member`)

// wrong is what is wrong with an answer, "" if it is one that the model knows.
func wrong(action string, output reflect.Value, err error) string {
	if err == nil {
		return strange(output, "the answer")
	}
	service, _, _ := strings.Cut(action, ":")
	var failure smithy.APIError
	var untyped *smithy.GenericAPIError
	switch {
	case !errors.As(err, &failure):
		if unsent.MatchString(err.Error()) {
			return ""
		}
		return fmt.Sprintf("the answer cannot be read: %v", err)
	case failure.ErrorMessage() == "" && failure.ErrorCode() == "":
		return fmt.Sprintf("an error without a code: %v", err)
	case besideTheModel[action+" "+failure.ErrorCode()] != "":
		return ""
	case errors.As(err, &untyped) && !slices.Contains(commonErrors[service], failure.ErrorCode()):
		return fmt.Sprintf("the error %s is not modelled for this action: %s", failure.ErrorCode(), failure.ErrorMessage())
	}
	return ""
}

// generated is how many requests are sent: a sample, unless SETMEND_REQUESTS says
// more.
func generated(t *testing.T) int {
	text := os.Getenv("SETMEND_REQUESTS")
	if text == "" {
		return 4_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("SETMEND_REQUESTS is %q, no number", text)
	}
	return n
}

// knownAtFirst are values for members that matter, in the world of small.
func knownAtFirst() map[string][]string {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://i.example.com","sub":"s","aud":"a"}`))
	return map[string][]string{
		"TemplateBody":          {topicTemplate, "Resources: {A: {Type: AWS::SNS::Topic}}"},
		"StackSetName":          {"net", "other"},
		"StackName":             {"app", "web"},
		"ChangeSetName":         {"change"},
		"Account":               {"200000000001", "200000000002", managementAccount},
		"AccountId":             {"200000000001", "200000000002", managementAccount},
		"StackInstanceAccount":  {"200000000001"},
		"StackInstanceRegion":   {"us-east-1"},
		"Region":                {"us-east-1", "eu-west-1"},
		"RegionOrder":           {"us-east-1"},
		"ParameterKey":          {"Name"},
		"LogicalResourceId":     {"Topic", "A"},
		"RoleArn":               {"arn:aws:iam::200000000001:role/x"},
		"AdministrationRoleARN": {"arn:aws:iam::" + managementAccount + ":role/admin"},
		"RoleSessionName":       {"session"},
		"WebIdentityToken":      {"e30." + claims + ".x"},
		"Content":               {`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sns:*","Resource":"*"}]}`, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"organizations:List*","Resource":"*"}]}`, `{"tags":{"a":{"tag_key":{"@@assign":"A"}}}}`},
		"Email":                 {"one@example.com", "two@example.com"},
		"ServicePrincipal":      {"config.amazonaws.com", "member.org.stacksets.cloudformation.amazonaws.com"},
		"Type":                  {"ACCOUNT"},
		"TypeName":              {"AWS::SNS::Topic"},
		"DesiredState":          {`{"TopicName":"made"}`},
		"PatchDocument":         {`[{"op":"add","path":"/DisplayName","value":"x"}]`},
		"Name":                  {"/a/b", "c", "rule"},
		"Names":                 {"/a/b", "c"},
		"Path":                  {"/"},
		"Value":                 {"v", "1"},
		"Key":                   {"Name", "k"},
		"Endpoint":              {"https://example.com", "someone@example.com"},
		"Protocol":              {"email", "https"},
		"Topic":                 {"topic"},
		"TagKey":                {"k"},
		"Label":                 {"stable"},
		"EventPattern":          {`{"source":["aws.cloudformation"]}`},
		"Event":                 {`{"id":"1","source":"a","account":"1","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail-type":"d","detail":{}}`},
		"ScheduleExpression":    {"rate(5 minutes)"},
		"Detail":                {"{}"},
		"Source":                {"mine"},
		"DetailType":            {"d"},
		"Rule":                  {"rule"},
		"EventBusName":          {"default"},
		"Arn":                   {"arn:aws:sns:us-east-1:" + managementAccount + ":topic"},
		"Namespace":             {"Mine"},
		"MetricName":            {"count"},
		"AlarmName":             {"alarm"},
		"Stat":                  {"Sum"},
		"Id":                    {"m1", "200000000009"},
	}
}

// Requests made of the services' models: each answer parses into the modelled shape
// with values of its enumerations, each refusal is a modelled error, none is a fault
// of the server's, and what is refused changes nothing.
func TestEveryActionKeepsToItsModel(t *testing.T) {
	total := generated(t)
	a := small(t)
	config := aws.Config{
		Region:  "us-east-1",
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: managementAccount, SecretAccessKey: "s"}, nil
		}),
		HTTPClient: nowhere{}, // what the strict clients' validation lets through
	}
	strict := modelled(config)
	config.HTTPClient, config.APIOptions = &http.Client{Transport: a.Transport()}, []func(*middleware.Stack) error{unchecked}
	clients := modelled(config)
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2)), known: knownAtFirst()}
	type action struct{ service, name string }
	var actions []action
	for _, service := range slices.Sorted(maps.Keys(clients)) {
		for _, name := range slices.Sorted(maps.Keys(a.services[service].Actions)) {
			if !reflect.ValueOf(clients[service]).MethodByName(name).IsValid() {
				t.Errorf("%s serves %s, which the SDK does not know", service, name)
				continue
			}
			actions = append(actions, action{service, name})
		}
	}
	problems, succeeded := map[string]bool{}, map[action]int{}
	for n := range total {
		at := actions[n%len(actions)]
		method := reflect.ValueOf(clients[at.service]).MethodByName(at.name)
		input := reflect.New(method.Type().In(1).Elem())
		g.make(input, func(input reflect.Value) error {
			_, err := call(strict[at.service], at.name, input)
			return err
		})
		look := n%97 == 0
		before := ""
		if look {
			before = written(t, a)
		}
		output, err := call(clients[at.service], at.name, input)
		problem := wrong(at.service+":"+at.name, output, err)
		if look && err != nil && written(t, a) != before {
			problem = "it was refused and changed the world: " + err.Error()
		}
		if problem != "" && !problems[at.name+problem] && len(problems) < 60 {
			problems[at.name+problem] = true
			text, _ := json.Marshal(input.Interface())
			t.Errorf("request %d, %s:%s: %s\n  %.600s", n, at.service, at.name, problem, text)
		}
		if err == nil {
			g.learn(output, "")
			succeeded[at]++
		}
		if n%50 == 0 {
			a.Advance(time.Minute)
		}
	}
	t.Logf("%d requests to %d actions of %d services; %d of the actions succeeded", total, len(actions), len(clients), len(succeeded))
	for _, at := range actions {
		if total >= 20_000 && succeeded[at] == 0 {
			t.Logf("no request to %s:%s succeeded", at.service, at.name)
		}
	}
}
