package integration

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/setmend/setmend/cloud/integration/internal/endpoint"
	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// A target is where a request goes and how it is signed.
type target struct {
	url           *url.URL
	service       string // in the signature
	region        string
	plainPath     bool // the path is signed as it is sent
	unsigned      bool
	contentHeader bool // the body's hash goes into a header, too
}

// A prepared request has all but the signature.
type prepared struct {
	target  target
	request *wire.Request
}

// prepare makes a request of an operation's parameters.
func (c *caller) prepare(ctx context.Context, o *operation, in *wire.Struct) (*prepared, error) {
	in, err := c.customize(ctx, o, in)
	if err != nil {
		return nil, err
	}
	r, err := wire.Encode(o.Operation, in)
	if err != nil {
		return nil, err
	}
	if err := checksum(o.Operation, in, r); err != nil {
		return nil, err
	}
	t, headers, err := c.target(o.Operation, in, c.sdk.Region)
	if err != nil {
		return nil, err
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	switch o.Service.SDKID {
	case "API Gateway":
		if r.Header.Get("Accept") == "" {
			r.Header.Set("Accept", "application/json") // it would answer HAL otherwise
		}
	case "Glacier":
		r.Header.Set("X-Amz-Glacier-Version", o.Service.Version)
	}
	if r.HostPrefix != "" && !isHere(t.url.Hostname()) {
		t.url.Host = r.HostPrefix + t.url.Host
	}
	return &prepared{t, r}, nil
}

// isHere tells an endpoint on this machine, whose name has no room for a prefix.
func isHere(host string) bool {
	return host == "localhost" || strings.Trim(host, "0123456789.") == "" || strings.Contains(host, ":")
}

// target resolves the endpoint of an operation in a region.
func (c *caller) target(o *model.Operation, in *wire.Struct, region string) (target, map[string]string, error) {
	t := target{service: o.Service.Signer(), region: region, unsigned: o.Unsigned}
	found, err := endpoint.Resolve(o.Service.Rules, c.endpointValues(o, in, region))
	if err != nil {
		return t, nil, fmt.Errorf("finding the endpoint of %s in %s: %w", o.Service.SDKID, region, err)
	}
	if t.url, err = url.Parse(found.URL); err != nil {
		return t, nil, fmt.Errorf("finding the endpoint of %s in %s: %w", o.Service.SDKID, region, err)
	}
	err = t.authorize(o, found.AuthSchemes)
	return t, found.Headers, err
}

// authorize chooses how to sign: the first way of the endpoint's that is known.
func (t *target) authorize(o *model.Operation, schemes []model.AuthScheme) error {
	t.contentHeader = o.Service.SDKID == "S3" || o.Service.SDKID == "S3 Control"
	t.plainPath = o.Service.SDKID == "S3"
	var others []string
	for _, s := range schemes {
		name := s.Name[strings.LastIndex(s.Name, "#")+1:]
		if name != "sigv4" {
			others = append(others, name)
			continue
		}
		if s.SigningName != "" {
			t.service = s.SigningName
		}
		if s.SigningRegion != "" {
			t.region = s.SigningRegion
		}
		t.plainPath = t.plainPath || s.DisableDoubleEncoding
		return nil
	}
	if len(o.Service.Auth) > 0 && !strings.Contains(strings.Join(o.Service.Auth, " ")+" ", "sigv4 ") {
		others = o.Service.Auth
	}
	if len(others) > 0 && !t.unsigned {
		return fmt.Errorf("%s is signed with %s, which is not supported; only signature version 4 is", o.Service.SDKID, strings.Join(others, ", "))
	}
	return nil
}

// endpointValues are what the endpoint's rules decide by.
func (c *caller) endpointValues(o *model.Operation, in *wire.Struct, region string) endpoint.Values {
	values := endpoint.Values{}
	base := c.baseEndpoint(o.Service)
	for name, p := range o.Service.Rules.Parameters {
		switch p.BuiltIn {
		case "AWS::Region":
			values[name] = region
		case "AWS::UseFIPS":
			values[name] = c.fips()
		case "AWS::UseDualStack":
			values[name] = c.dualStack()
		case "AWS::S3::ForcePathStyle":
			// Other endpoints than AWS's rarely have a host name for each bucket.
			values[name] = base != ""
		case "AWS::S3::UseGlobalEndpoint", "AWS::STS::UseGlobalEndpoint":
			values[name] = false
		case "AWS::Auth::AccountIdEndpointMode":
			values[name] = "disabled"
		case "SDK::Endpoint":
			if base != "" {
				values[name] = base
			}
		}
	}
	for name, value := range o.Context {
		values[name] = value
	}
	for _, f := range in.Fields {
		if f.Member.Context != "" {
			values[f.Member.Context] = f.Value
		}
	}
	return values
}

// baseEndpoint is what the configuration has instead of AWS's endpoint. As in the
// SDK's clients, one for the service counts before one for all.
func (c *caller) baseEndpoint(s *model.Service) string {
	id := strings.ToUpper(strings.ReplaceAll(s.SDKID, " ", "_"))
	_, all := os.LookupEnv("AWS_ENDPOINT_URL")
	_, own := os.LookupEnv("AWS_ENDPOINT_URL_" + id)
	if all && !own {
		return aws.ToString(c.sdk.BaseEndpoint)
	}
	for _, source := range c.sdk.ConfigSources {
		p, ok := source.(interface {
			GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
		})
		if !ok {
			continue
		}
		if value, found, err := p.GetServiceBaseEndpoint(context.Background(), s.SDKID); found && err == nil {
			return value
		}
	}
	return aws.ToString(c.sdk.BaseEndpoint)
}

func (c *caller) fips() bool {
	for _, source := range c.sdk.ConfigSources {
		p, ok := source.(interface {
			GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
		})
		if !ok {
			continue
		}
		if state, found, err := p.GetUseFIPSEndpoint(context.Background()); found && err == nil {
			return state == aws.FIPSEndpointStateEnabled
		}
	}
	return false
}

func (c *caller) dualStack() bool {
	for _, source := range c.sdk.ConfigSources {
		p, ok := source.(interface {
			GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
		})
		if !ok {
			continue
		}
		if state, found, err := p.GetUseDualStackEndpoint(context.Background()); found && err == nil {
			return state == aws.DualStackEndpointStateEnabled
		}
	}
	return false
}

// build fills an HTTP request.
func (p *prepared) build(into *smithyhttp.Request) (*smithyhttp.Request, error) {
	into.Method = p.request.Method
	u := *p.target.url
	path := strings.TrimSuffix(u.EscapedPath(), "/") + p.request.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	u.Path, u.RawPath, u.RawQuery = plain, path, p.request.Query
	into.URL = &u
	into.Header = p.request.Header.Clone()
	into.Host = u.Host
	if len(p.request.Body) == 0 {
		if into.Method != http.MethodGet && into.Method != http.MethodHead {
			into.ContentLength = 0
		}
		return into, nil
	}
	into.ContentLength = int64(len(p.request.Body))
	return into.SetStream(bytes.NewReader(p.request.Body))
}

// checksum adds the checksum of the body that an operation requires, or that the
// parameters ask for.
func checksum(o *model.Operation, in *wire.Struct, r *wire.Request) error {
	algorithm, asked := "", false
	if o.ChecksumParam != "" {
		algorithm, asked = in.Get(o.ChecksumParam).(string)
	}
	if !asked && !o.Checksum || hasChecksum(r.Header) {
		return nil
	}
	if !asked {
		algorithm = "CRC32"
		if m := o.Input.Member(o.ChecksumParam); m != nil && m.Location == "header" {
			r.Header.Set(m.WireName(), algorithm)
		}
	}
	sum := checksumOf(algorithm, r.Body)
	if sum == nil {
		return fmt.Errorf("the checksum algorithm %s is not supported; choose CRC32, CRC32C, SHA1 or SHA256", algorithm)
	}
	r.Header.Set("X-Amz-Checksum-"+strings.ToLower(algorithm), base64.StdEncoding.EncodeToString(sum))
	return nil
}

func hasChecksum(h http.Header) bool {
	for name := range h {
		if name == "Content-Md5" || strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Type" && name != "X-Amz-Checksum-Mode" {
			return true
		}
	}
	return false
}

func checksumOf(algorithm string, body []byte) []byte {
	switch algorithm {
	case "CRC32":
		return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))
	case "CRC32C":
		return binary.BigEndian.AppendUint32(nil, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	case "SHA1":
		sum := sha1.Sum(body)
		return sum[:]
	case "SHA256":
		sum := sha256.Sum256(body)
		return sum[:]
	}
	return nil
}

func randomBytes() []byte {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return b
}
