package main

import (
	"maps"
	"os"
	"slices"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// source is a botocore model, as far as it is used.
type source struct {
	Metadata struct {
		APIVersion, EndpointPrefix, Protocol, ServiceID, SigningName, JSONVersion, TargetPrefix, SignatureVersion string

		Protocols, Auth    []string
		AWSQueryCompatible any
	}
	Operations map[string]struct {
		HTTP                 struct{ Method, RequestURI string }
		Input, Output        *reference
		Errors               []reference
		Endpoint             struct{ HostPrefix string }
		AuthType             string
		UnsignedPayload      bool
		ReadOnly, Idempotent bool
		EndpointDiscovery    struct{ Required bool }
		HTTPChecksumRequired bool
		HTTPChecksum         struct {
			RequestAlgorithmMember  string
			RequestChecksumRequired bool
		}
		StaticContextParams    map[string]struct{ Value any }
		OperationContextParams map[string]struct{ Path string }
	}
	Shapes map[string]*shape
}

type reference struct {
	Shape, LocationName, Location, ResultWrapper, QueryName, TimestampFormat string

	XMLNamespace                                                    any
	Flattened, XMLAttribute, HostLabel, IdempotencyToken, JSONValue bool
	Streaming                                                       bool
	ContextParam                                                    struct{ Name string }
}

type shape struct {
	Type, Payload, TimestampFormat, LocationName string

	Members                                            map[string]reference
	Member, Key, Value                                 *reference
	Required                                           []string
	Flattened, Document, Union, EventStream, Streaming bool
	Exception                                          bool
	XMLNamespace                                       any
	Error                                              struct{ Code string }
}

// protocols in the order in which a service that speaks several is spoken to.
var protocols = []string{model.JSON, model.RESTJSON, model.RESTXML, model.Query, model.EC2}

// plain is a shape without members.
type plain struct {
	kind             model.Kind
	time             string
	document, stream bool
}

// A reducer keeps what the facts have of one model.
type reducer struct {
	source  *source
	out     model.Service
	indexes map[string]int // of shapes by name
	simple  map[plain]int  // of shapes without members
}

func (r *reducer) service() *model.Service {
	m := r.source.Metadata
	s := &r.out
	*s = model.Service{
		Name: model.ResourceName(m.ServiceID), SDKID: m.ServiceID, EndpointPrefix: m.EndpointPrefix, SigningName: m.SigningName,
		Version: m.APIVersion, Protocol: m.Protocol, JSONVersion: m.JSONVersion, TargetPrefix: m.TargetPrefix,
		Auth: m.Auth, QueryErrors: m.AWSQueryCompatible != nil, Operations: model.Operations{},
	}
	if s.SigningName == s.EndpointPrefix {
		s.SigningName = ""
	}
	if slices.Equal(s.Auth, []string{"aws.auth#sigv4"}) {
		s.Auth = nil
	}
	if m.SignatureVersion == "v2" || m.SignatureVersion == "bearer" {
		s.Auth = []string{m.SignatureVersion}
	}
	for _, p := range protocols {
		if slices.Contains(m.Protocols, p) {
			s.Protocol = p
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.source.Operations)) {
		s.Operations[name] = r.operation(name)
	}
	return s
}

func (r *reducer) operation(name string) *model.Operation {
	o := r.source.Operations[name]
	out := &model.Operation{
		Method: o.HTTP.Method, URI: o.HTTP.RequestURI, InputIndex: -1, OutputIndex: -1,
		HostPrefix: o.Endpoint.HostPrefix, Unsigned: o.AuthType == "none", UnsignedBody: o.AuthType == "v4-unsigned-body" || o.UnsignedPayload,
		ReadOnly: o.ReadOnly, Idempotent: o.Idempotent,
		Checksum:      o.HTTPChecksumRequired || o.HTTPChecksum.RequestChecksumRequired,
		Discovered:    o.EndpointDiscovery.Required,
		ChecksumParam: o.HTTPChecksum.RequestAlgorithmMember,
	}
	if out.Method == "POST" {
		out.Method = ""
	}
	if out.URI == "/" {
		out.URI = ""
	}
	if o.Input != nil {
		out.InputIndex = r.shape(o.Input.Shape)
		out.Root, out.Namespace = o.Input.LocationName, namespace(o.Input.XMLNamespace)
		out.Streams = r.streams(o.Input.Shape)
	}
	if o.Output != nil {
		out.OutputIndex, out.Wrapper = r.shape(o.Output.Shape), o.Output.ResultWrapper
		out.Streams = out.Streams || r.streams(o.Output.Shape)
	}
	for _, e := range o.Errors {
		out.ErrorIndexes = append(out.ErrorIndexes, r.shape(e.Shape))
	}
	for key, p := range o.StaticContextParams {
		if out.Context == nil {
			out.Context = map[string]any{}
		}
		out.Context[key] = p.Value
	}
	for key, p := range o.OperationContextParams {
		if out.ContextPaths == nil {
			out.ContextPaths = map[string]string{}
		}
		out.ContextPaths[key] = p.Path
	}
	return out
}

// streams reports whether a member of a shape is a stream of events.
func (r *reducer) streams(name string) bool {
	for _, m := range r.source.Shapes[name].Members {
		if r.source.Shapes[m.Shape].EventStream {
			return true
		}
	}
	return false
}

// shape is the index of a shape; those without members are shared.
func (r *reducer) shape(name string) int {
	if i, ok := r.indexes[name]; ok {
		return i
	}
	from := r.source.Shapes[name]
	to := model.Shape{Kind: kind(from.Type), Time: from.TimestampFormat, Document: from.Document, Stream: from.Streaming || from.EventStream}
	if from.Members == nil && from.Member == nil && from.Key == nil && !from.Exception && from.XMLNamespace == nil {
		key := plain{to.Kind, to.Time, to.Document, to.Stream}
		if i, ok := r.simple[key]; ok {
			r.indexes[name] = i
			return i
		}
		r.simple[key] = len(r.out.Shapes)
	}
	to.Payload, to.Flattened, to.Union, to.Namespace = from.Payload, from.Flattened, from.Union, namespace(from.XMLNamespace)
	if from.Exception {
		to.Error = name
		if from.Error.Code != name {
			to.Code = from.Error.Code
		}
	}
	index := len(r.out.Shapes)
	r.indexes[name] = index
	kept := &to
	r.out.Shapes = append(r.out.Shapes, kept)
	kept.Members = r.members(from)
	return index
}

func kind(t string) model.Kind {
	if t == "character" {
		return model.String
	}
	return model.Kind(t)
}

func (r *reducer) members(from *shape) []*model.Member {
	switch {
	case from.Member != nil:
		return []*model.Member{r.member("", *from.Member)}
	case from.Key != nil:
		return []*model.Member{r.member("", *from.Key), r.member("", *from.Value)}
	}
	var list []*model.Member
	for _, name := range slices.Sorted(maps.Keys(from.Members)) {
		m := r.member(name, from.Members[name])
		m.Required = slices.Contains(from.Required, name)
		list = append(list, m)
	}
	return list
}

func (r *reducer) member(name string, from reference) *model.Member {
	m := &model.Member{
		Name: name, Index: r.shape(from.Shape), Wire: from.LocationName, EC2: from.QueryName, Location: from.Location,
		Flattened: from.Flattened, Namespace: namespace(from.XMLNamespace), Attribute: from.XMLAttribute, HostLabel: from.HostLabel,
		Token: from.IdempotencyToken, JSONValue: from.JSONValue, Context: from.ContextParam.Name, Time: from.TimestampFormat,
	}
	if m.Wire == "" {
		m.Wire = r.source.Shapes[from.Shape].LocationName
	}
	if m.Wire == name {
		m.Wire = ""
	}
	// Route 53 gives ids with what they are in front, and takes them without.
	if r.out.SDKID == "Route 53" {
		m.TailOnly = slices.Contains([]string{"ResourceId", "DelegationSetId", "ChangeId"}, from.Shape)
	}
	return m
}

func namespace(v any) *model.Namespace {
	switch v := v.(type) {
	case string:
		return &model.Namespace{URI: v}
	case map[string]any:
		uri, _ := v["uri"].(string)
		prefix, _ := v["prefix"].(string)
		return &model.Namespace{Prefix: prefix, URI: uri}
	}
	return nil
}

// pages adds how operations are asked for more.
func (r *reducer) pages(path string, s *model.Service) error {
	var file struct {
		Pagination map[string]struct {
			In  any `json:"input_token"`
			Out any `json:"output_token"`
			Key any `json:"result_key"`
		}
	}
	if err := readJSON(path, &file); err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return err
	}
	for name, p := range file.Pagination {
		if o := s.Operations[name]; o != nil {
			o.Page = &model.Page{In: texts(p.In), Out: texts(p.Out), Items: texts(p.Key)}
		}
	}
	return nil
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, texts(item)...)
		}
		return list
	}
	return nil
}
