// Package model has the facts about AWS's services that a caller needs: which
// protocol each speaks, where a parameter goes in a request, what an answer and an
// error look like, and where the service is reached.
//
// The facts are those of botocore's public API models (Apache License 2.0), without
// documentation, enumerations and patterns. `go generate` reduces the models that
// python3 has installed to facts.zip, one compressed entry a service; [Load] reads
// the one that is asked for.
package model

//go:generate go run ./generate

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed facts.zip
var archive []byte

// A Service is one AWS service's API.
type Service struct {
	Name           string     `json:"-"`           // in resources: elasticloadbalancingv2
	SDKID          string     `json:"i"`           // Elastic Load Balancing v2
	EndpointPrefix string     `json:"e"`           // elasticloadbalancing
	SigningName    string     `json:"s,omitempty"` // "" is EndpointPrefix
	Version        string     `json:"v"`           // 2015-12-01
	Protocol       string     `json:"p"`           // one of Protocols
	JSONVersion    string     `json:"j,omitempty"`
	TargetPrefix   string     `json:"t,omitempty"`
	Auth           []string   `json:"a,omitempty"`
	QueryErrors    bool       `json:"q,omitempty"` // error codes are those of the Query protocol
	Operations     Operations `json:"o"`
	Shapes         []*Shape   `json:"h"`
	Rules          *RuleSet   `json:"r"`
}

// Protocols that services speak. A service with several has the first of them here.
const (
	JSON     = "json"
	RESTJSON = "rest-json"
	RESTXML  = "rest-xml"
	Query    = "query"
	EC2      = "ec2"
)

// Operations are a service's actions by name.
type Operations map[string]*Operation

// An Operation is one API action.
type Operation struct {
	Name          string            `json:"-"`
	Service       *Service          `json:"-"`
	Method        string            `json:"m,omitempty"` // "" is POST
	URI           string            `json:"u,omitempty"` // "" is /
	InputIndex    int               `json:"i"`           // -1 is none
	OutputIndex   int               `json:"o"`
	Input, Output *Shape            `json:"-"`
	Root          string            `json:"n,omitempty"` // XML element of the input
	Namespace     *Namespace        `json:"x,omitempty"`
	Wrapper       string            `json:"w,omitempty"` // XML element around the output
	ErrorIndexes  []int             `json:"e,omitempty"`
	HostPrefix    string            `json:"h,omitempty"`
	Unsigned      bool              `json:"g,omitempty"` // no credentials are needed
	UnsignedBody  bool              `json:"b,omitempty"`
	ReadOnly      bool              `json:"r,omitempty"`
	Idempotent    bool              `json:"k,omitempty"`
	Checksum      bool              `json:"c,omitempty"` // of the body is required
	ChecksumParam string            `json:"l,omitempty"` // member that names the algorithm
	Discovered    bool              `json:"v,omitempty"` // DescribeEndpoints says where it is reached
	Context       map[string]any    `json:"s,omitempty"` // endpoint parameters of the operation
	ContextPaths  map[string]string `json:"y,omitempty"` // and where they are in the input
	Page          *Page             `json:"z,omitempty"`
	Streams       bool              `json:"d,omitempty"` // events: not callable by request and answer
}

// A Page says how an operation is asked for the next part of a long answer.
type Page struct {
	In    []string `json:"i"` // parameters
	Out   []string `json:"o"` // members of the answer that they are set from
	Items []string `json:"r,omitempty"`
}

// A Namespace is an XML namespace.
type Namespace struct {
	Prefix string `json:"p,omitempty"`
	URI    string `json:"u"`
}

// A Kind is the type of a shape.
type Kind string

// The kinds of shapes.
const (
	Structure Kind = "structure"
	List      Kind = "list"
	Map       Kind = "map"
	String    Kind = "string"
	Blob      Kind = "blob"
	Boolean   Kind = "boolean"
	Integer   Kind = "integer"
	Long      Kind = "long"
	Float     Kind = "float"
	Double    Kind = "double"
	Timestamp Kind = "timestamp"
)

// A Shape is a type of parameters and answers.
type Shape struct {
	Kind      Kind       `json:"t"`
	Members   []*Member  `json:"m,omitempty"` // of a structure, of a list (one), of a map (key and value)
	Payload   string     `json:"p,omitempty"` // member that is the body
	Flattened bool       `json:"f,omitempty"`
	Document  bool       `json:"d,omitempty"` // any JSON
	Union     bool       `json:"u,omitempty"`
	Time      string     `json:"z,omitempty"` // format of a timestamp
	Namespace *Namespace `json:"x,omitempty"`
	Error     string     `json:"e,omitempty"` // name of an error
	Code      string     `json:"c,omitempty"` // its code where that is not the name
	Stream    bool       `json:"s,omitempty"`

	names map[string]*Member
}

// A Member is a part of a structure, a list or a map.
type Member struct {
	Name      string     `json:"n,omitempty"`
	Index     int        `json:"s"`
	Shape     *Shape     `json:"-"`
	Wire      string     `json:"w,omitempty"` // name in requests and answers; "" is Name
	EC2       string     `json:"q,omitempty"` // name in EC2's requests
	Location  string     `json:"l,omitempty"` // uri, querystring, header, headers, statusCode
	Flattened bool       `json:"f,omitempty"`
	Namespace *Namespace `json:"x,omitempty"`
	Attribute bool       `json:"a,omitempty"` // of the XML element
	HostLabel bool       `json:"h,omitempty"`
	Token     bool       `json:"d,omitempty"` // idempotency token
	JSONValue bool       `json:"j,omitempty"`
	Context   string     `json:"p,omitempty"` // endpoint parameter
	Required  bool       `json:"r,omitempty"`
	Time      string     `json:"z,omitempty"`
	TailOnly  bool       `json:"o,omitempty"` // what stands before the last slash is dropped
}

// WireName is the member's name in requests and answers.
func (m *Member) WireName() string {
	if m.Wire != "" {
		return m.Wire
	}
	return m.Name
}

// Member finds a structure's member by its name in the model.
func (s *Shape) Member(name string) *Member {
	return s.names[name]
}

// Elem is the member of a list, or the value of a map.
func (s *Shape) Elem() *Member { return s.Members[len(s.Members)-1] }

// TimeFormat is the format of a timestamp, or fallback.
func (m *Member) TimeFormat(fallback string) string {
	switch {
	case m.Time != "":
		return m.Time
	case m.Shape.Time != "":
		return m.Shape.Time
	}
	return fallback
}

// IsFlattened reports whether a list or map has no element around it.
func (m *Member) IsFlattened() bool { return m.Flattened || m.Shape.Flattened }

// NamespaceOf is the namespace of the member's XML element, nil if it has none.
func (m *Member) NamespaceOf() *Namespace {
	if m.Namespace != nil {
		return m.Namespace
	}
	return m.Shape.Namespace
}

// Errors are the errors that the model has for the operation.
func (o *Operation) Errors() []*Shape {
	var list []*Shape
	for _, i := range o.ErrorIndexes {
		list = append(list, o.Service.Shapes[i])
	}
	return list
}

// Signer is the service's name in signatures.
func (s *Service) Signer() string {
	if s.SigningName != "" {
		return s.SigningName
	}
	return s.EndpointPrefix
}

var open = sync.OnceValue(func() *zip.Reader {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic("the embedded facts cannot be read: " + err.Error())
	}
	return z
})

func read(name string, into any) error {
	f, err := open().Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// Names lists the services, sorted.
var Names = sync.OnceValue(func() []string {
	var names []string
	for _, f := range open().File {
		if name, ok := strings.CutSuffix(f.Name, ".json"); ok && name != partitionsEntry {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
})

var (
	loading sync.Mutex
	loaded  = map[string]*Service{} // guarded by loading
)

// Load reads a service by its name in resources; nil if there is none. The same
// service is read once.
func Load(name string) *Service {
	loading.Lock()
	defer loading.Unlock()
	if s, ok := loaded[name]; ok {
		return s
	}
	if _, ok := slices.BinarySearch(Names(), name); !ok {
		return nil
	}
	s := &Service{Name: name}
	if err := read(name+".json", s); err != nil {
		panic(fmt.Sprintf("the embedded facts of %s cannot be read: %v", name, err))
	}
	s.link()
	loaded[name] = s
	return s
}

// link sets what the entry has as indexes.
func (s *Service) link() {
	for _, shape := range s.Shapes {
		if shape.Kind == Structure {
			shape.names = make(map[string]*Member, len(shape.Members))
		}
		for _, m := range shape.Members {
			m.Shape = s.Shapes[m.Index]
			if shape.names != nil {
				shape.names[m.Name] = m
			}
		}
	}
	for name, o := range s.Operations {
		o.Name, o.Service = name, s
		if o.InputIndex >= 0 {
			o.Input = s.Shapes[o.InputIndex]
		}
		if o.OutputIndex >= 0 {
			o.Output = s.Shapes[o.OutputIndex]
		}
		if o.Method == "" {
			o.Method = "POST"
		}
		if o.URI == "" {
			o.URI = "/"
		}
	}
}
