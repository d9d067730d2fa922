package template

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// dialect is what the functions of a template are checked against.
type dialect struct {
	rules    bool // the Rules section, which has functions of its own
	extended bool // AWS::LanguageExtensions is among the transforms
}

// plain are the functions of resources, outputs and conditions; ruleOnly those
// that AWS allows in the Rules section alone. extensions need the
// AWS::LanguageExtensions transform and are refused without, as by AWS;
// Fn::ForEach is expanded before functions are checked.
var (
	plain = []string{"Fn::Base64", "Fn::GetAtt", "Fn::GetAZs", "Fn::ImportValue", "Fn::Join", "Fn::Split",
		"Fn::FindInMap", "Fn::Select", "Ref", "Fn::Equals", "Fn::If", "Fn::Not", "Condition", "Fn::And", "Fn::Or"}
	ruleOnly = []string{"Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::ValueOf",
		"Fn::ValueOfAll", "Fn::RefAll"}
	late       = []string{"Fn::Sub", "Fn::Cidr", "Fn::GetStackOutput"}
	extensions = []string{"Fn::Length", "Fn::ToJsonString"}
)

// shapes holds for each function what its argument must look like, and AWS's
// complaint if it does not.
var shapes = map[string]struct {
	fits      func(*Func) bool
	complaint string
}{
	"Ref":       {oneString, "Template error: every Ref object must have a single String value."},
	"Condition": {oneString, "Template format error: Every Condition member must be a string."},
	"Fn::GetAtt": {func(f *Func) bool {
		l := f.list()
		if len(l) < 2 {
			return false
		}
		first, ok := l[0].(string)
		return ok && first != "" && l[1] != ""
	}, "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"},
	"Fn::Join": {func(f *Func) bool {
		l := f.list()
		return len(l) == 2 && isString(l[0]) && listLike(l[1])
	}, "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."},
	"Fn::Split": {func(f *Func) bool {
		l := f.list()
		return len(l) == 2 && isString(l[0]) && l[0] != "" && stringLike(l[1])
	}, "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split."},
	"Fn::Select": {func(f *Func) bool {
		l := f.list()
		return len(l) == 2 && stringLike(l[0]) && listLike(l[1])
	}, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"},
	"Fn::FindInMap": {func(f *Func) bool {
		l := f.list()
		return len(l) == 3 && !slices.ContainsFunc(l, func(v any) bool { return !mapKey(v) })
	}, "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value"},
	"Fn::If": {func(f *Func) bool {
		l := f.list()
		return len(l) == 3 && isString(l[0])
	}, "Template error: Fn::If requires a list argument with the first element being a condition"},
	"Fn::Equals": {func(f *Func) bool { return len(f.list()) == 2 },
		"Template error: every Fn::Equals object requires a list of 2 string parameters."},
	"Fn::Not": {func(f *Func) bool { return len(f.list()) == 1 && boolLike(f.list()[0]) },
		"Template error: every Fn::Not object requires one boolean parameter."},
	"Fn::And": {between2And10, "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters."},
	"Fn::Or":  {between2And10, "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean parameters."},
	"Fn::Base64": {func(f *Func) bool { return stringLike(f.Arg) },
		"Template error: every Fn::Base64 object must have a String-typed value."},
	"Fn::ImportValue": {func(f *Func) bool { return stringLike(f.Arg) },
		"Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string"},
	"Fn::GetAZs": {func(f *Func) bool { return stringLike(f.Arg) },
		"Template error: every Fn::GetAZs object must have a String-typed value."},
	"Fn::Cidr": {func(f *Func) bool {
		l := f.list()
		return (len(l) == 2 || len(l) == 3) && allStringLike(l)
	}, "Template error: every Fn::Cidr object requires two or three parameters: ipBlock, count and cidrBits"},
	"Fn::Length": {func(f *Func) bool { return listLike(f.Arg) },
		"Template error: every Fn::Length object requires a list or a function that returns a list"},
	"Fn::ToJsonString": {func(f *Func) bool {
		switch f.Arg.(type) {
		case *Map, []any, *Func:
			return true
		}
		return false
	}, "Template error: every Fn::ToJsonString object requires an object or an array"},
	"Fn::GetStackOutput": {stackOutputFits, "Template error: every Fn::GetStackOutput object requires StackName and OutputName, and takes Region and RoleArn"},
	"Fn::Sub":            {subFits, "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"},
}

// checkFunctions checks the names and argument shapes of all functions in v.
func checkFunctions(v any, in dialect) error {
	var first error
	walk(v, func(f *Func) {
		if first == nil {
			first = checkFunction(f, in)
		}
	})
	return first
}

func checkFunction(f *Func, in dialect) error {
	shape, known := shapes[f.Name]
	if !known || !in.extended && slices.Contains(extensions, f.Name) {
		if in.rules && slices.Contains(ruleOnly, f.Name) {
			return nil
		}
		all := slices.Concat(plain, ruleOnly, late)
		return failf("Template error: Encountered unsupported function: %s Supported functions are: [%s]", f.Name, strings.Join(all, ", "))
	}
	if !shape.fits(f) && !(in.extended && f.Name == "Fn::FindInMap" && extendedFind(f)) {
		return failf("%s", shape.complaint)
	}
	if f.Name == "Fn::Sub" {
		return checkSub(f)
	}
	return nil
}

// mapKey is what AWS takes in Fn::FindInMap without AWS::LanguageExtensions: a
// scalar, Ref or Fn::FindInMap.
func mapKey(v any) bool {
	if f, ok := v.(*Func); ok {
		return f.Name == "Ref" || f.Name == "Fn::FindInMap" || f.Name == "Fn::Transform"
	}
	return stringLike(v)
}

// extendedFind is Fn::FindInMap as AWS::LanguageExtensions has it: with any
// function, and a fourth argument {DefaultValue: …}.
func extendedFind(f *Func) bool {
	l := f.list()
	if len(l) < 3 || len(l) > 4 || !allStringLike(l[:3]) {
		return false
	}
	if len(l) == 3 {
		return true
	}
	m, ok := l[3].(*Map)
	return ok && len(m.Keys) == 1 && m.Keys[0] == "DefaultValue"
}

func stackOutputFits(f *Func) bool {
	m, ok := f.Arg.(*Map)
	if !ok || m.Values["StackName"] == nil || m.Values["OutputName"] == nil {
		return false
	}
	return !slices.ContainsFunc(m.Keys, func(k string) bool {
		return !slices.Contains([]string{"StackName", "OutputName", "Region", "RoleArn"}, k) || !stringLike(m.Values[k])
	})
}

func oneString(f *Func) bool { return isString(f.Arg) && f.Arg != "" }

func isString(v any) bool { _, ok := v.(string); return ok }

// stringLike is a scalar, or a function that may yield one.
func stringLike(v any) bool {
	if _, ok := v.(*Func); ok {
		return true
	}
	_, ok := Text(v)
	return ok
}

func allStringLike(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { return !stringLike(v) })
}

// listLike is a list, or a function that may yield one.
func listLike(v any) bool {
	switch v := v.(type) {
	case []any:
		return true
	case *Func:
		return !slices.Contains([]string{"Fn::Join", "Fn::Sub", "Fn::Base64"}, v.Name)
	}
	return false
}

func boolLike(v any) bool {
	f, ok := v.(*Func)
	return ok && (slices.Contains(booleans, f.Name) || slices.Contains(ruleOnly, f.Name))
}

func between2And10(f *Func) bool {
	l := f.list()
	return len(l) >= 2 && len(l) <= 10 && !slices.ContainsFunc(l, func(v any) bool { return !boolLike(v) })
}

// A substitution is a piece of an Fn::Sub text: literal text or a variable.
type substitution struct {
	literal, variable string
}

// variable matches ${Name}, ${Resource.Attribute} and ${!Literal}.
var variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([^}]*)\}`) })

var variableName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.:]+$`) })

func subFits(f *Func) bool {
	if isString(f.Arg) {
		return true
	}
	l := f.list()
	if len(l) != 2 || !isString(l[0]) {
		return false
	}
	_, ok := l[1].(*Map)
	return ok
}

// subParts takes an Fn::Sub apart. The map is nil in the short form.
func subParts(f *Func) ([]substitution, *Map) {
	text, isText := f.Arg.(string)
	var values *Map
	if !isText {
		text, _ = f.list()[0].(string)
		values, _ = f.list()[1].(*Map)
	}
	var parts []substitution
	at := 0
	for _, m := range variable().FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		parts = append(parts, substitution{literal: text[at:m[0]]})
		if rest, literal := strings.CutPrefix(name, "!"); literal {
			parts = append(parts, substitution{literal: "${" + rest + "}"})
		} else {
			parts = append(parts, substitution{variable: strings.TrimSpace(name)})
		}
		at = m[1]
	}
	return append(parts, substitution{literal: text[at:]}), values
}

func checkSub(f *Func) error {
	text, isText := f.Arg.(string)
	if !isText {
		text, _ = f.list()[0].(string)
	}
	for _, m := range variable().FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], "!") && !variableName().MatchString(strings.TrimSpace(m[1])) {
			return failf("Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons")
		}
	}
	return nil
}
