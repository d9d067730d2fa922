package integration

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// A caller makes API calls by the facts. What the SDK's core has is its: the HTTP
// client, credentials, the signature, the middleware of the connection.
type caller struct {
	aws  *cloud.AWS
	sdk  aws.Config
	skew atomic.Int64 // of the server's time, in nanoseconds

	mu    sync.Mutex // guards what follows
	roles map[string]*aws.CredentialsCache
}

func newCaller(a *cloud.AWS) *caller {
	return &caller{aws: a, sdk: a.SDK(), roles: map[string]*aws.CredentialsCache{}}
}

// call makes one call within the action's rate. The error is a *fleet.Error.
func (c *caller) call(ctx context.Context, o *operation, object string, in *wire.Struct) (*wire.Struct, error) {
	in = withToken(ctx, o, in)
	return cloud.Send(ctx, c.aws, o.action, object,
		func(ctx context.Context, in *wire.Struct, _ ...func(*struct{})) (*wire.Struct, error) {
			return c.send(ctx, o, in)
		}, in)
}

// send makes one request through the SDK's middleware.
func (c *caller) send(ctx context.Context, o *operation, in *wire.Struct) (*wire.Struct, error) {
	stack := middleware.NewStack(o.Name, smithyhttp.NewStackRequest)
	steps := &steps{caller: c, operation: o}
	add := []func(*middleware.Stack) error{
		func(s *middleware.Stack) error {
			return s.Serialize.Add(middleware.SerializeMiddlewareFunc("setmend:serialize", steps.serialize), middleware.After)
		},
		awsmiddleware.AddRequestUserAgentMiddleware,
		func(s *middleware.Stack) error {
			return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("setmend:sign", steps.sign), middleware.After)
		},
		func(s *middleware.Stack) error {
			return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("setmend:deserialize", steps.deserialize), middleware.After)
		},
	}
	for _, f := range append(add, c.sdk.APIOptions...) {
		if err := f(stack); err != nil {
			return nil, err
		}
	}
	handler := middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(client(c.sdk, o)), stack)
	out, _, err := handler.Handle(ctx, in)
	if err != nil {
		return nil, &smithy.OperationError{ServiceID: o.Service.SDKID, OperationName: o.Name, Err: err}
	}
	return out.(*wire.Struct), nil
}

// steps are the parts of one request.
type steps struct {
	caller    *caller
	operation *operation
	target    target
}

func (s *steps) serialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	middleware.SerializeOutput, middleware.Metadata, error,
) {
	request := in.Request.(*smithyhttp.Request)
	prepared, err := s.caller.prepare(ctx, s.operation, in.Parameters.(*wire.Struct))
	if err == nil {
		s.target = prepared.target
		in.Request, err = prepared.build(request)
	}
	if err != nil {
		return middleware.SerializeOutput{}, middleware.Metadata{}, &smithy.SerializationError{Err: err}
	}
	return next.HandleSerialize(ctx, in)
}

func (s *steps) sign(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	request := in.Request.(*smithyhttp.Request)
	if err := s.caller.sign(ctx, s.operation, s.target, request); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("signing the request: %w", err)
	}
	return next.HandleFinalize(ctx, in)
}

func (s *steps) deserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if err != nil {
		return out, metadata, err
	}
	raw := out.RawResponse.(*smithyhttp.Response)
	response, err := read(raw)
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: err}
	}
	if raw.StatusCode >= 200 && raw.StatusCode < 300 && !isLateError(s.operation, response) {
		out.Result, err = wire.Answer(s.operation.Operation, response)
		if err != nil {
			err = &smithy.DeserializationError{Err: err}
		}
		return out, metadata, err
	}
	failure := wire.Failure(s.operation.Operation, response)
	s.caller.learnTime(raw)
	return out, metadata, &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: raw, Err: failure}, RequestID: failure.RequestID,
	}
}

// maxBody bounds what is read of an answer, in bytes: far above what any state may
// hold, so that its limit is what one hears of.
const maxBody = 16 << 20

func read(raw *smithyhttp.Response) (*wire.Response, error) {
	body, err := io.ReadAll(io.LimitReader(raw.Body, maxBody+1))
	if closing := raw.Body.Close(); err == nil {
		err = closing
	}
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the answer has more than the %d bytes that are read of one", maxBody)
	}
	return &wire.Response{Status: raw.StatusCode, Header: raw.Header, Body: body}, err
}

// isLateError tells an error that S3 answers after the status was sent: copying
// takes long, and the status is 200 before its end is known.
func isLateError(o *operation, r *wire.Response) bool {
	return o.Service.SDKID == "S3" && wire.IsErrorDocument(r.Body)
}

// learnTime notes how far the server's clock is ahead, for the next signature.
func (c *caller) learnTime(raw *smithyhttp.Response) {
	if date, err := http.ParseTime(raw.Header.Get("Date")); err == nil {
		if ahead := time.Until(date); ahead.Abs() > 4*time.Minute {
			c.skew.Store(int64(ahead))
		}
	}
}

// longCall is longer than a Lambda function may run (15 minutes): the answer to a
// synchronous invocation comes when the function is done.
const longCall = 16 * time.Minute

// client is the connection's HTTP client, patient with what takes long.
func client(sdk aws.Config, o *operation) aws.HTTPClient {
	switch o.String() {
	case "lambda:invoke", "sfn:startSyncExecution":
	default:
		return sdk.HTTPClient
	}
	switch c := sdk.HTTPClient.(type) {
	case *awshttp.BuildableClient:
		return c.WithTimeout(longCall)
	case *http.Client:
		patient := *c
		patient.Timeout = longCall
		return &patient
	}
	return sdk.HTTPClient
}

type attemptKey struct{}

// WithAttempt names the attempt of a task that calls are made for. Requests that
// AWS recognises by a token have one that follows from it: called again after a
// crash, they are done once.
func WithAttempt(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, attemptKey{}, token)
}

// withToken sets the idempotency token where the parameters have none.
func withToken(ctx context.Context, o *operation, in *wire.Struct) *wire.Struct {
	m := token(o.Operation)
	if m == nil || in.Get(m.Name) != nil {
		return in
	}
	out := &wire.Struct{Fields: append([]wire.Field(nil), in.Fields...)}
	out.Set(m, tokenOf(ctx, o))
	return out
}

// tokenOf is a UUID: of the attempt and the action, or a random one.
func tokenOf(ctx context.Context, o *operation) string {
	seed := []byte(o.String())
	if attempt, _ := ctx.Value(attemptKey{}).(string); attempt != "" {
		seed = append(seed, attempt...)
	} else {
		seed = append(seed, randomBytes()...)
	}
	sum := sha256.Sum256(seed)
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
