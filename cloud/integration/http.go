package integration

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// An httpCall is http:invoke's parameters.
type httpCall struct {
	APIEndpoint      string `json:"ApiEndpoint"`
	Method           string
	Headers          map[string]json.RawMessage
	QueryParameters  map[string]json.RawMessage
	RequestBody      json.RawMessage
	Authentication   struct{ ConnectionArn string }
	InvocationConfig struct{ ConnectionArn string }
	Transform        struct {
		RequestBodyEncoding    string
		RequestEncodingOptions struct{ ArrayFormat string }
	}
}

// httpTimeout is how long Step Functions waits for an endpoint.
const httpTimeout = 60 * time.Second

// http calls an HTTPS endpoint, with the credentials of an EventBridge connection:
// its secret is read from Secrets Manager, as Step Functions does.
func (b *Bound) http(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	var c httpCall
	if err := json.Unmarshal(input, &c); err != nil {
		return nil, &Error{Name: runtimeError, Cause: "http:invoke: " + err.Error(), Err: err}
	}
	r, err := c.request(ctx)
	if err != nil {
		return nil, &Error{Name: runtimeError, Cause: "http:invoke: " + err.Error(), Err: err}
	}
	if arn := cmp.Or(c.Authentication.ConnectionArn, c.InvocationConfig.ConnectionArn); arn != "" {
		if err := b.authenticate(ctx, r, arn); err != nil {
			return nil, err
		}
	} else {
		return nil, &Error{Name: runtimeError, Cause: "http:invoke: The field 'InvocationConfig.ConnectionArn' (or 'Authentication.ConnectionArn') is required but was missing"}
	}
	response, body, err := exchange(ctx, r, "States.Http.Socket")
	if err != nil {
		return nil, err
	}
	return httpAnswer(response, body, "States.Http.StatusCode.", http.StatusMultipleChoices)
}

// transport carries the requests to endpoints that are not AWS's.
var transport http.RoundTripper = http.DefaultTransport

// exchange sends a request and reads the answer. What keeps it from doing so is an
// error with the name failed.
func exchange(ctx context.Context, r *http.Request, failed string) (*http.Response, []byte, error) {
	client := &http.Client{Transport: transport, Timeout: httpTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, &Error{Name: failed, Cause: err.Error(), Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, nil, &Error{Name: failed, Cause: err.Error(), Err: err}
	}
	return response, body, nil
}

// httpAnswer is the result of an answer; one of status least and more is an error,
// which is named by the status.
func httpAnswer(response *http.Response, body []byte, prefix string, least int) (json.RawMessage, error) {
	headers := &wire.Object{}
	for name, values := range response.Header {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		headers.Set(strings.ToLower(name), list)
	}
	var content any = string(body)
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		if v, err := wire.Decode(body); err == nil {
			content = v
		}
	}
	_, phrase, _ := strings.Cut(response.Status, " ")
	result := objectOf("Headers", headers, "StatusCode", json.Number(fmt.Sprint(response.StatusCode)), "StatusText", phrase, "ResponseBody", content)
	if response.StatusCode >= least {
		return nil, &Error{Name: fmt.Sprintf("%s%d", prefix, response.StatusCode), Cause: string(compact(result))}
	}
	return finish(result)
}

func (c *httpCall) request(ctx context.Context) (*http.Request, error) {
	u, err := url.Parse(c.APIEndpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the field 'ApiEndpoint' must be an https address")
	}
	query := u.Query()
	for name, value := range c.QueryParameters {
		for _, v := range texts(value) {
			query.Add(name, v)
		}
	}
	u.RawQuery = query.Encode()
	body, contentType := c.body()
	r, err := http.NewRequestWithContext(ctx, strings.ToUpper(c.Method), u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("User-Agent", "Amazon|StepFunctions|HttpInvoke|setmend")
	r.Header.Set("Range", "bytes=0-262144")
	for name, value := range c.Headers {
		r.Header[http.CanonicalHeaderKey(name)] = texts(value)
	}
	return r, nil
}

// body is the request's body: JSON, or a form where the parameters ask for one.
func (c *httpCall) body() ([]byte, string) {
	if len(c.RequestBody) == 0 || string(c.RequestBody) == "null" {
		return nil, ""
	}
	if c.Transform.RequestBodyEncoding != "URL_ENCODED" {
		var text string
		if json.Unmarshal(c.RequestBody, &text) == nil {
			return []byte(text), "application/json"
		}
		return c.RequestBody, "application/json"
	}
	v, err := wire.Decode(c.RequestBody)
	o, ok := v.(*wire.Object)
	if err != nil || !ok {
		return c.RequestBody, "application/x-www-form-urlencoded"
	}
	var pairs []string
	add := func(key string, value any) {
		pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(string(blob(value))))
	}
	for _, e := range o.Entries {
		list, isList := e.Value.([]any)
		if !isList {
			add(e.Key, e.Value)
			continue
		}
		for i, item := range list {
			switch c.Transform.RequestEncodingOptions.ArrayFormat {
			case "BRACKETS":
				add(e.Key+"[]", item)
			case "REPEAT":
				add(e.Key, item)
			case "COMMAS":
			default: // INDICES
				add(fmt.Sprintf("%s[%d]", e.Key, i), item)
			}
		}
		if c.Transform.RequestEncodingOptions.ArrayFormat == "COMMAS" {
			var parts []string
			for _, item := range list {
				parts = append(parts, string(blob(item)))
			}
			add(e.Key, strings.Join(parts, ","))
		}
	}
	return []byte(strings.Join(pairs, "&")), "application/x-www-form-urlencoded"
}

// texts are the values of a header or query parameter: one, or a list.
func texts(value json.RawMessage) []string {
	v, err := wire.Decode(value)
	if err != nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, item := range list {
		out = append(out, string(blob(item)))
	}
	return out
}

// authenticate adds a connection's credentials to a request.
func (b *Bound) authenticate(ctx context.Context, r *http.Request, arn string) error {
	resource := arn[strings.LastIndex(arn, ":")+1:]
	parts := strings.Split(resource, "/")
	if len(parts) < 2 || parts[0] != "connection" {
		return &Error{Name: runtimeError, Cause: fmt.Sprintf("http:invoke: %q is not the ARN of an EventBridge connection", arn)}
	}
	describe := &integration{operation: mustOperation("eventbridge", "describeConnection"), naming: eventsNaming}
	in := &wire.Struct{}
	in.Set(describe.operation.Input.Member("Name"), parts[1])
	connection, err := b.send(ctx, describe, in)
	if err != nil {
		return err
	}
	get := &integration{operation: mustOperation("secretsmanager", "getSecretValue"), naming: naming{"SecretsManager", "AWSSecretsManagerException", java1}}
	in = &wire.Struct{}
	in.Set(get.operation.Input.Member("SecretId"), text(connection.Get("SecretArn")))
	secret, err := b.send(ctx, get, in)
	if err != nil {
		return err
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(text(secret.Get("SecretString"))), &keys); err != nil {
		return &Error{Name: runtimeError, Cause: "http:invoke: the secret of the connection " + parts[1] + " is not a JSON object"}
	}
	key := func(name string) string { s, _ := keys[name].(string); return s }
	switch kind := text(connection.Get("AuthorizationType")); kind {
	case "API_KEY":
		r.Header.Set(key("api_key_name"), key("api_key_value"))
	case "BASIC":
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key("username")+":"+key("password"))))
	default:
		return &Error{Name: runtimeError, Cause: "http:invoke: connections of type " + kind + " are not supported here; those with an API key or basic authentication are"}
	}
	return nil
}
