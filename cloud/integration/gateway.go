package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A gatewayCall is apigateway:invoke's parameters.
type gatewayCall struct {
	APIEndpoint     string `json:"ApiEndpoint"`
	Method          string
	Stage, Path     string
	Headers         map[string]json.RawMessage
	QueryParameters map[string]json.RawMessage
	RequestBody     json.RawMessage
	AuthType        string
}

// gateway calls an API of API Gateway. It is signed with the execution's role where
// AuthType asks for that; NO_AUTH is the default. An answer of 400 and more is the
// error ApiGateway.<status>.
func (b *Bound) gateway(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	refused := func(err error) error {
		return &Error{Name: runtimeError, Cause: "apigateway:invoke: " + err.Error(), Err: err}
	}
	var c gatewayCall
	if err := json.Unmarshal(input, &c); err != nil {
		return nil, refused(err)
	}
	r, err := c.request(ctx)
	if err != nil {
		return nil, refused(err)
	}
	if c.AuthType == "IAM_ROLE" || c.AuthType == "RESOURCE_POLICY" {
		if err := b.signGateway(ctx, r); err != nil {
			return nil, refused(err)
		}
	}
	response, body, err := exchange(ctx, r, "ApiGateway")
	if err != nil {
		return nil, err
	}
	return httpAnswer(response, body, "ApiGateway.", http.StatusBadRequest)
}

func (c *gatewayCall) request(ctx context.Context) (*http.Request, error) {
	switch c.AuthType {
	case "", "NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY":
	default:
		return nil, fmt.Errorf("the field 'AuthType' must be NO_AUTH, IAM_ROLE or RESOURCE_POLICY, not %q", c.AuthType)
	}
	if c.APIEndpoint == "" || strings.ContainsAny(c.APIEndpoint, "/?#@") {
		return nil, errors.New("the field 'ApiEndpoint' must be the host name of an API")
	}
	address := "https://" + c.APIEndpoint
	if c.Stage != "" {
		address += "/" + c.Stage
	}
	if c.Path != "" {
		address += "/" + strings.TrimPrefix(c.Path, "/")
	}
	call := httpCall{APIEndpoint: address, Method: c.Method, Headers: c.Headers, QueryParameters: c.QueryParameters, RequestBody: c.RequestBody}
	r, err := call.request(ctx)
	if err == nil {
		r.Header.Del("Range")
		r.Header.Set("User-Agent", "Amazon|StepFunctions|setmend")
	}
	return r, err
}

// signGateway signs a request for the region in the API's host name, or the
// connection's for a name of its own.
func (b *Bound) signGateway(ctx context.Context, r *http.Request) error {
	region := b.caller.sdk.Region
	if parts := strings.Split(r.URL.Hostname(), "."); len(parts) > 3 && parts[1] == "execute-api" {
		region = parts[2]
	}
	keys, err := b.caller.credentials(ctx)
	if err != nil {
		return err
	}
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	hash := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(hash[:]), "execute-api", region, b.caller.now())
}
