// Package cloudfront implements the reading part of Amazon CloudFront: distributions,
// origin access controls and functions are listed and read, a view on the live
// resources, and invalidations are accepted. Nothing is served.
package cloudfront

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// The resource types behind the service.
const (
	distributionType = "AWS::CloudFront::Distribution"
	controlType      = "AWS::CloudFront::OriginAccessControl"
	functionType     = "AWS::CloudFront::Function"
)

const (
	version   = "/2020-05-31/"
	namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
)

// CloudFront is the service in every account.
type CloudFront struct {
	world         *core.World
	store         core.LiveStore
	invalidations map[string][]invalidation // by distribution
}

type invalidation struct {
	id, reference string
	made          time.Time
	paths         []string
}

// New makes the service as a view on live resources.
func New(w *core.World, store core.LiveStore) *CloudFront {
	return &CloudFront{world: w, store: store, invalidations: map[string][]invalidation{}}
}

// Service is the API. CloudFront reads its requests itself.
func (f *CloudFront) Service() core.Service {
	return core.Service{Name: "cloudfront", Protocols: []core.Protocol{core.RESTXML}, Namespace: namespace, Global: true, Raw: f.serve}
}

// route is what a request asks for: a collection, an id in it, and a part of that.
type route struct{ method, collection, id, part string }

func routeOf(r *http.Request) route {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, version), "/")
	parts = append(parts, "", "", "")
	return route{r.Method, parts[0], parts[1], parts[2]}
}

// Operation is the name of the action that a request is for.
func Operation(r *http.Request) string {
	q := routeOf(r)
	names := map[string]string{"distribution": "Distribution", "origin-access-control": "OriginAccessControl", "function": "Function"}
	switch {
	case q.part == "invalidation" && q.method == http.MethodPost:
		return "CreateInvalidation"
	case q.part == "invalidation":
		return "ListInvalidations"
	case q.collection == "function" && q.part == "describe":
		return "DescribeFunction"
	case q.id == "":
		return "List" + names[q.collection] + "s"
	case q.part == "config":
		return "Get" + names[q.collection] + "Config"
	}
	return "Get" + names[q.collection]
}

func (f *CloudFront) serve(c *core.Call, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", c.RequestID)
	c.Action = Operation(r)
	var b bytes.Buffer
	etag, status, err := f.answer(c, r, &b)
	if err != nil {
		w.WriteHeader(err.Status)
		var text bytes.Buffer
		_ = xml.EscapeText(&text, []byte(err.Message)) // into memory
		fmt.Fprintf(w, `<ErrorResponse xmlns="%s"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`, namespace, err.Code, text.String(), c.RequestID)
		return
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a recorder
}

func (f *CloudFront) answer(c *core.Call, r *http.Request, b *bytes.Buffer) (etag string, status int, refused *core.Error) {
	q := routeOf(r)
	if !strings.HasPrefix(r.URL.Path, version) || q.method != http.MethodGet && q.part != "invalidation" {
		return "", 0, core.Errorf(http.StatusBadRequest, "UnknownOperationException", "the embedded AWS does not serve cloudfront:%s %s: distributions are made by templates", r.Method, r.URL.Path)
	}
	switch q.collection {
	case "distribution":
		return f.distribution(c, r, q, b)
	case "origin-access-control":
		return f.control(c, q, b)
	case "function":
		return f.function(c, q, b)
	}
	return "", 0, core.Errorf(http.StatusBadRequest, "UnknownOperationException", "the embedded AWS does not serve cloudfront:%s %s", r.Method, r.URL.Path)
}

// all are an account's resources of a type, by id.
func (f *CloudFront) all(account, typ string) map[string]core.Live {
	out := map[string]core.Live{}
	for _, region := range f.store.Regions(account) {
		for _, l := range f.store.Resources(account, region, typ) {
			out[l.ID] = l
		}
	}
	return out
}

func (f *CloudFront) distribution(c *core.Call, r *http.Request, q route, b *bytes.Buffer) (string, int, *core.Error) {
	all := f.all(c.Caller.Account, distributionType)
	if q.id == "" {
		list(b, "DistributionList", "DistributionSummary", all, func(l core.Live) map[string]any {
			return merged(f.summary(c, l), property.Map(l.Properties["DistributionConfig"]))
		})
		return "", http.StatusOK, nil
	}
	l, ok := all[q.id]
	if !ok {
		return "", 0, core.Errorf(http.StatusNotFound, "NoSuchDistribution", "The specified distribution does not exist.")
	}
	config := merged(property.Map(l.Properties["DistributionConfig"]), map[string]any{"CallerReference": l.ID})
	switch q.part {
	case "invalidation":
		return f.invalidate(c, r, l, b)
	case "config":
		write(b, "DistributionConfig", config)
	default:
		write(b, "Distribution", merged(f.summary(c, l), map[string]any{"InProgressInvalidationBatches": 0, "DistributionConfig": config}))
	}
	return etagOf(l), http.StatusOK, nil
}

func (f *CloudFront) summary(c *core.Call, l core.Live) map[string]any {
	return map[string]any{"Id": l.ID, "ARN": fmt.Sprintf("arn:%s:cloudfront::%s:distribution/%s", c.Options.Partition, l.Account, l.ID), "Status": "Deployed",
		"LastModifiedTime": l.Changed.UTC().Format(time.RFC3339), "DomainName": property.Text(l.Model["DomainName"])}
}

func etagOf(l core.Live) string {
	return fmt.Sprintf("E%013X", uint64(l.Changed.UnixNano())&0xfffffffffffff)
}

// done is how long an invalidation takes: AWS says seconds to minutes.
const done = time.Minute

func (f *CloudFront) invalidate(c *core.Call, r *http.Request, l core.Live, b *bytes.Buffer) (string, int, *core.Error) {
	if r.Method == http.MethodPost {
		var in struct {
			CallerReference string
			Paths           struct {
				Items struct{ Path []string }
			}
		}
		if err := xml.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Paths.Items.Path) == 0 {
			return "", 0, core.Errorf(http.StatusBadRequest, "InvalidArgument", "Your request contains empty/invalid/malformed invalidation paths.")
		}
		one := invalidation{"I" + strings.ToUpper(strings.ReplaceAll(c.UUID(), "-", ""))[:24], in.CallerReference, c.Now(), in.Paths.Items.Path}
		f.invalidations[l.ID] = append(f.invalidations[l.ID], one)
		write(b, "Invalidation", one.shape(c.Now()))
		return "", http.StatusCreated, nil
	}
	items := []any{}
	for _, one := range slices.Backward(f.invalidations[l.ID]) {
		items = append(items, map[string]any{"InvalidationSummary": one.shape(c.Now())})
	}
	write(b, "InvalidationList", map[string]any{"Marker": "", "MaxItems": 100, "IsTruncated": false, "InvalidationSummaries": items})
	return "", http.StatusOK, nil
}

func (i invalidation) shape(now time.Time) map[string]any {
	status := "InProgress"
	if now.Sub(i.made) >= done {
		status = "Completed"
	}
	return map[string]any{"Id": i.id, "Status": status, "CreateTime": i.made.UTC().Format(time.RFC3339), "InvalidationBatch": map[string]any{"CallerReference": i.reference, "Paths": property.List(i.paths)}}
}

func (f *CloudFront) control(c *core.Call, q route, b *bytes.Buffer) (string, int, *core.Error) {
	all := f.all(c.Caller.Account, controlType)
	if q.id == "" {
		list(b, "OriginAccessControlList", "OriginAccessControlSummary", all, func(l core.Live) map[string]any {
			return merged(property.Map(l.Properties["OriginAccessControlConfig"]), map[string]any{"Id": l.ID})
		})
		return "", http.StatusOK, nil
	}
	l, ok := all[q.id]
	if !ok {
		return "", 0, core.Errorf(http.StatusNotFound, "NoSuchOriginAccessControl", "The origin access control does not exist.")
	}
	config := property.Map(l.Properties["OriginAccessControlConfig"])
	if q.part == "config" {
		write(b, "OriginAccessControlConfig", config)
	} else {
		write(b, "OriginAccessControl", map[string]any{"Id": l.ID, "OriginAccessControlConfig": config})
	}
	return etagOf(l), http.StatusOK, nil
}

func (f *CloudFront) function(c *core.Call, q route, b *bytes.Buffer) (string, int, *core.Error) {
	byName := map[string]core.Live{}
	for _, l := range f.all(c.Caller.Account, functionType) {
		byName[property.Text(l.Properties["Name"])] = l
	}
	if q.id == "" {
		list(b, "FunctionList", "FunctionSummary", byName, f.functionSummary)
		return "", http.StatusOK, nil
	}
	l, ok := byName[q.id]
	if !ok {
		return "", 0, core.Errorf(http.StatusNotFound, "NoSuchFunctionExists", "The specified function does not exist.")
	}
	if q.part == "describe" {
		write(b, "FunctionSummary", f.functionSummary(l))
	} else {
		b.WriteString(property.Text(l.Properties["FunctionCode"]))
	}
	return etagOf(l), http.StatusOK, nil
}

func (f *CloudFront) functionSummary(l core.Live) map[string]any {
	return map[string]any{"Name": property.Text(l.Properties["Name"]), "Status": "DEPLOYED", "FunctionConfig": property.Map(l.Properties["FunctionConfig"]),
		"FunctionMetadata": map[string]any{"FunctionARN": fmt.Sprintf("arn:%s:cloudfront::%s:function/%s", f.world.Options.Partition, l.Account, property.Text(l.Properties["Name"])),
			"Stage": "LIVE", "CreatedTime": l.Made.UTC().Format(time.RFC3339), "LastModifiedTime": l.Changed.UTC().Format(time.RFC3339)}}
}

func merged(parts ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, p := range parts {
		maps.Copy(out, p)
	}
	return out
}

func list(b *bytes.Buffer, name, member string, all map[string]core.Live, shape func(core.Live) map[string]any) {
	items := []any{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		items = append(items, map[string]any{member: shape(all[id])})
	}
	open(b, name)
	element(b, "Marker", "")
	element(b, "MaxItems", 100)
	element(b, "IsTruncated", false)
	content(b, name, items)
	b.WriteString("</" + name + ">")
}

func write(b *bytes.Buffer, name string, value map[string]any) {
	open(b, name)
	content(b, name, value)
	b.WriteString("</" + name + ">")
}

func open(b *bytes.Buffer, name string) { fmt.Fprintf(b, `<%s xmlns="%s">`, name, namespace) }

// members are what the members of lists are called, where that is not the list's
// name without its s.
var members = map[string]string{"Aliases": "CNAME", "AllowedMethods": "Method", "CachedMethods": "Method", "Locations": "Location", "CacheBehaviors": "CacheBehavior",
	"InvalidationSummaries": "InvalidationSummary", "Headers": "Name", "QueryStringCacheKeys": "Name", "TrustedKeyGroups": "KeyGroup", "TrustedSigners": "AwsAccountNumber",
	"KeyValueStoreAssociations": "KeyValueStoreAssociation"}

// renamed are members that templates call otherwise than the API.
var renamed = map[string]string{"AcmCertificateArn": "ACMCertificateArn", "IamCertificateId": "IAMCertificateId", "IPV6Enabled": "IsIPV6Enabled"}

func element(b *bytes.Buffer, name string, value any) {
	if to := renamed[name]; to != "" {
		name = to
	}
	b.WriteString("<" + name + ">")
	content(b, name, value)
	b.WriteString("</" + name + ">")
}

// content prints a value: lists as a quantity and items, as CloudFront has them.
func content(b *bytes.Buffer, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if key == "Locations" { // of a geographic restriction, which is the list itself
				content(b, key, value[key])
				continue
			}
			element(b, key, value[key])
		}
	case []any:
		element(b, "Quantity", len(value))
		if len(value) == 0 {
			return
		}
		b.WriteString("<Items>")
		for _, one := range value {
			member(b, name, one)
		}
		b.WriteString("</Items>")
	default:
		_ = xml.EscapeText(b, []byte(property.Text(value))) // into memory
	}
}

// member prints a member of a list; one that names itself is printed as such.
func member(b *bytes.Buffer, list string, value any) {
	if m, ok := value.(map[string]any); ok && len(m) == 1 {
		for name, inner := range m {
			if strings.HasSuffix(name, "Summary") {
				element(b, name, inner)
				return
			}
		}
	}
	name := members[list]
	if name == "" {
		name = strings.TrimSuffix(list, "s")
	}
	element(b, name, value)
}
