package integration

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

const unsignedPayload = "UNSIGNED-PAYLOAD"

// sign signs a request, with the credentials of the connection or of the role
// that the context names.
func (c *caller) sign(ctx context.Context, o *operation, t target, r *smithyhttp.Request) error {
	if t.unsigned {
		return nil
	}
	keys, err := c.credentials(ctx)
	if err != nil {
		return err
	}
	hash := unsignedPayload
	if !o.UnsignedBody || t.contentHeader { // S3 takes a signed one everywhere
		if hash, err = bodyHash(r); err != nil {
			return err
		}
	}
	if o.UnsignedBody || t.contentHeader {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	query := r.URL.RawQuery
	err = v4.NewSigner(func(s *v4.SignerOptions) { s.DisableURIPathEscaping = t.plainPath }).
		SignHTTP(ctx, keys, r.Request, hash, t.service, t.region, c.now())
	// The signer leaves the parameters sorted. The service sorts them itself
	// to check the signature, so they are sent as they were.
	r.URL.RawQuery = query
	return err
}

func (c *caller) now() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }

func bodyHash(r *smithyhttp.Request) (string, error) {
	h := sha256.New()
	if body := r.GetStream(); body != nil {
		if _, err := io.Copy(h, body); err != nil {
			return "", err
		}
		if err := r.RewindStream(); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

type roleKey struct{}

// WithRole has calls made with the rights of a role, as a task's Credentials ask
// for.
func WithRole(ctx context.Context, arn string) context.Context {
	return context.WithValue(ctx, roleKey{}, arn)
}

// credentials are the connection's, or a session's of the role in ctx. Sessions
// are kept until shortly before they end.
func (c *caller) credentials(ctx context.Context) (aws.Credentials, error) {
	role, _ := ctx.Value(roleKey{}).(string)
	if role == "" {
		if c.sdk.Credentials == nil {
			return aws.Credentials{}, fmt.Errorf("there are no credentials")
		}
		return c.sdk.Credentials.Retrieve(ctx)
	}
	c.mu.Lock()
	session := c.roles[role]
	if session == nil {
		session = aws.NewCredentialsCache(assumed{c, role}, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = time.Minute })
		c.roles[role] = session
	}
	c.mu.Unlock()
	return session.Retrieve(ctx)
}

// assumed provides the credentials of a role.
type assumed struct {
	caller *caller
	role   string
}

// Retrieve implements [aws.CredentialsProvider].
func (p assumed) Retrieve(ctx context.Context) (aws.Credentials, error) {
	ctx = WithRole(ctx, "")
	o := mustOperation("sts", "assumeRole")
	in := &wire.Struct{}
	in.Set(o.Input.Member("RoleArn"), p.role)
	in.Set(o.Input.Member("RoleSessionName"), "setmend-workflow")
	out, err := p.caller.call(ctx, o, p.role, in)
	if err != nil {
		return aws.Credentials{}, err
	}
	keys, _ := out.Get("Credentials").(*wire.Struct)
	if keys == nil {
		return aws.Credentials{}, fmt.Errorf("assuming the role %s: the answer has no credentials", p.role)
	}
	text := func(name string) string { s, _ := keys.Get(name).(string); return s }
	expires, _ := keys.Get("Expiration").(time.Time)
	return aws.Credentials{
		AccessKeyID: text("AccessKeyId"), SecretAccessKey: text("SecretAccessKey"), SessionToken: text("SessionToken"),
		Source: "setmend", CanExpire: !expires.IsZero(), Expires: expires,
	}, nil
}

// presigned is the request of an operation in another region as an address that
// can be followed for an hour: how RDS lets one region read another.
func (c *caller) presigned(ctx context.Context, o *operation, in *wire.Struct, region string) (string, error) {
	r, err := wire.Encode(o.Operation, in)
	if err != nil {
		return "", err
	}
	t, _, err := c.target(o.Operation, in, region)
	if err != nil {
		return "", err
	}
	address := t.url.String()
	if !strings.HasSuffix(address, "/") {
		address += "/"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?"+string(r.Body)+"&DestinationRegion="+c.sdk.Region+"&X-Amz-Expires=3600", nil)
	if err != nil {
		return "", err
	}
	keys, err := c.credentials(ctx)
	if err != nil {
		return "", err
	}
	empty := sha256.Sum256(nil)
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, keys, request, hex.EncodeToString(empty[:]), t.service, t.region, c.now())
	return signed, err
}

// customize does what AWS's SDKs do to parameters of single services.
func (c *caller) customize(ctx context.Context, o *operation, in *wire.Struct) (*wire.Struct, error) {
	out := &wire.Struct{Fields: append([]wire.Field(nil), in.Fields...)}
	for i, f := range out.Fields {
		if text, ok := f.Value.(string); ok && f.Member.TailOnly {
			out.Fields[i].Value = text[strings.LastIndex(text, "/")+1:]
		}
	}
	switch o.Service.SDKID {
	case "RDS", "DocDB", "Neptune":
		return out, c.presignSource(ctx, o, out)
	case "Glacier":
		// The account of the credentials.
		if m := o.Input.Member("accountId"); m != nil && out.Get("accountId") == nil {
			out.Set(m, "-")
		}
	}
	return out, nil
}

// presignSource replaces SourceRegion, which is no parameter of AWS's, by an
// address in that region.
func (c *caller) presignSource(ctx context.Context, o *operation, in *wire.Struct) error {
	region, _ := in.Get("SourceRegion").(string)
	if region == "" {
		return nil
	}
	in.Remove("SourceRegion")
	var url *model.Member
	if url = o.Input.Member("PreSignedUrl"); url == nil || in.Get("PreSignedUrl") != nil {
		return nil
	}
	address, err := c.presigned(ctx, o, in, region)
	if err == nil {
		in.Set(url, address)
	}
	return err
}
