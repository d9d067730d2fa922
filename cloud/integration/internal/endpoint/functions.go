package endpoint

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// call evaluates a function of the rules. What it cannot answer is nil.
func call(name string, arguments []any, scope Values) any {
	args := make([]any, len(arguments))
	for i, a := range arguments {
		args[i] = resolve(a, scope)
	}
	text := func(i int) (string, bool) {
		if i >= len(args) {
			return "", false
		}
		s, ok := args[i].(string)
		return s, ok
	}
	switch name {
	case "isSet":
		return args[0] != nil
	case "not":
		return args[0] == nil || args[0] == false
	case "booleanEquals", "stringEquals":
		return args[0] == args[1]
	case "getAttr":
		path, _ := text(1)
		return attribute(args[0], path)
	}
	first, ok := text(0)
	if !ok && name != "aws.partition" {
		return nil
	}
	switch name {
	case "aws.partition":
		return partition(first)
	case "aws.parseArn":
		return parseARN(first)
	case "aws.isVirtualHostableS3Bucket":
		return isBucketHost(first, args[1] == true)
	case "isValidHostLabel":
		return isHostLabel(first, args[1] == true)
	case "substring":
		return substring(first, args[1:])
	case "uriEncode":
		return strings.ReplaceAll(url.QueryEscape(first), "+", "%20")
	case "parseURL":
		return parseURL(first)
	}
	return nil
}

var indexed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\w*)\[(\d+)\]$`) })

func attribute(value any, path string) any {
	for _, part := range strings.Split(path, ".") {
		name, index := part, -1
		if m := indexed().FindStringSubmatch(part); m != nil {
			name = m[1]
			index, _ = strconv.Atoi(m[2])
		}
		if name != "" {
			object, _ := value.(map[string]any)
			value = object[name]
		}
		if index >= 0 {
			list, _ := value.([]any)
			if index >= len(list) {
				return nil
			}
			value = list[index]
		}
	}
	return value
}

func partition(region string) any {
	p := model.PartitionOf(region)
	out := map[string]any{"name": p.ID}
	for key, value := range p.Outputs {
		out[key] = value
	}
	return out
}

func parseARN(text string) any {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return nil
	}
	var ids []any
	for _, id := range strings.FieldsFunc(strings.ReplaceAll(parts[5], ":", "/"), func(r rune) bool { return r == '/' }) {
		ids = append(ids, id)
	}
	return map[string]any{"partition": parts[1], "service": parts[2], "region": parts[3], "accountId": parts[4], "resourceId": ids}
}

var hostLabel = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z\d]([a-zA-Z\d-]{0,61}[a-zA-Z\d])?$`) })

func isHostLabel(text string, dots bool) bool {
	if !dots {
		return hostLabel().MatchString(text)
	}
	for _, label := range strings.Split(text, ".") {
		if !hostLabel().MatchString(label) {
			return false
		}
	}
	return true
}

func isBucketHost(text string, dots bool) bool {
	return len(text) >= 3 && len(text) <= 63 && strings.ToLower(text) == text && net.ParseIP(text) == nil && isHostLabel(text, dots)
}

func substring(text string, args []any) any {
	start, stop := number(args[0]), number(args[1])
	if start >= stop || len(text) < stop || strings.ContainsFunc(text, func(r rune) bool { return r > 127 }) {
		return nil
	}
	if args[2] == true {
		return text[len(text)-stop : len(text)-start]
	}
	return text[start:stop]
}

func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}

func parseURL(text string) any {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" {
		return nil
	}
	normalized := u.EscapedPath()
	if !strings.HasPrefix(normalized, "/") {
		normalized = "/" + normalized
	}
	if !strings.HasSuffix(normalized, "/") {
		normalized += "/"
	}
	return map[string]any{
		"scheme": u.Scheme, "authority": u.Host, "path": u.EscapedPath(), "normalizedPath": normalized,
		"isIp": net.ParseIP(strings.Trim(u.Hostname(), "[]")) != nil,
	}
}
