// Package logs is Amazon CloudWatch Logs as far as functions write it and people
// read it: groups, a view on the live resources, with streams and events that are
// kept here, the latest hundred thousand of each stream. Lines in CloudWatch's embedded metric
// format become metrics.
package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// groupType is the resource type of log groups.
const groupType = "AWS::Logs::LogGroup"

// kept is how many events of a stream are kept.
const kept = 100_000

// Logs is the service in every account and region.
type Logs struct {
	world   *core.World
	groups  *core.Mirror[group] // by name
	metrics core.Reporter
	ids     int64
}

type group struct {
	live    core.Live
	name    string
	streams map[string]*stream
}

type stream struct {
	name              string
	created, ingested time.Time
	events            []event // by timestamp
}

type event struct {
	at, ingested time.Time
	message      string
	id           int64
}

// New makes the service as a view on live log groups.
func New(w *core.World, store core.LiveStore, metrics core.Reporter) *Logs {
	l := &Logs{world: w, metrics: metrics}
	l.groups = core.NewMirror(store, groupType, func(live core.Live, known *group) *group {
		if known == nil {
			known = &group{streams: map[string]*stream{}}
		}
		known.live, known.name = live, live.ID
		return known
	})
	return l
}

// Service is the API.
func (l *Logs) Service() core.Service {
	return core.Service{
		Name:         "logs",
		Protocols:    []core.Protocol{core.JSON11},
		TargetPrefix: "Logs_20140328",
		InvalidCode:  "InvalidParameterException",
		Actions: map[string]core.Action{
			"CreateLogGroup":        core.Write(core.Do(l.createGroup)),
			"DeleteLogGroup":        core.Write(core.Do(l.deleteGroup)),
			"DescribeLogGroups":     core.Do(l.describeGroups),
			"PutRetentionPolicy":    core.Write(core.Do(l.putRetention)),
			"DeleteRetentionPolicy": core.Write(core.Do(l.deleteRetention)),
			"CreateLogStream":       core.Write(core.Do(l.createStream)),
			"DeleteLogStream":       core.Write(core.Do(l.deleteStream)),
			"DescribeLogStreams":    core.Do(l.describeStreams),
			"PutLogEvents":          core.Write(core.Do(l.putEvents)),
			"GetLogEvents":          core.Do(l.getEvents),
			"FilterLogEvents":       core.Do(l.filterEvents),
			"ListTagsForResource":   core.Do(l.listTags),
			"TagResource":           core.Write(core.Do(l.tagResource)),
			"UntagResource":         core.Write(core.Do(l.untagResource)),
		},
	}
}

// Log writes lines as of now.
func (l *Logs) Log(account, region, groupName, streamName string, lines ...string) {
	g, _ := l.groups.Get(account, region, groupName)
	if g == nil {
		var err error
		if g, _, err = l.groups.Make(account, region, map[string]any{"LogGroupName": groupName}); err != nil {
			return // a name that no group can have
		}
	}
	s := g.stream(streamName, l.world.Now())
	for _, line := range lines {
		l.put(s, l.world.Now(), line)
		l.embedded(account, region, line)
	}
}

func (g *group) stream(name string, now time.Time) *stream {
	if g.streams[name] == nil {
		g.streams[name] = &stream{name: name, created: now}
	}
	return g.streams[name]
}

func (l *Logs) put(s *stream, at time.Time, message string) {
	l.ids++
	e := event{at: at, ingested: l.world.Now(), message: message, id: l.ids}
	i := len(s.events)
	for i > 0 && s.events[i-1].at.After(at) {
		i--
	}
	s.events = slices.Insert(s.events, i, e)
	if s.ingested = l.world.Now(); len(s.events) > kept {
		s.events = slices.Delete(s.events, 0, len(s.events)-kept)
	}
}

// embedded reports the metrics of a line in the embedded metric format
// ("Specification: Embedded metric format").
func (l *Logs) embedded(account, region, line string) {
	if !strings.Contains(line, `"_aws"`) || !strings.HasPrefix(strings.TrimSpace(line), "{") {
		return
	}
	var members map[string]any
	var form struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if json.Unmarshal([]byte(line), &members) != nil || json.Unmarshal([]byte(line), &form) != nil {
		return
	}
	for _, directive := range form.AWS.CloudWatchMetrics {
		sets := directive.Dimensions
		if len(sets) == 0 {
			sets = [][]string{{}}
		}
		for _, names := range sets {
			var dimensions [][2]string
			for _, name := range names {
				dimensions = append(dimensions, [2]string{name, property.Text(members[name])})
			}
			for _, m := range directive.Metrics {
				for _, value := range numbers(members[m.Name]) {
					l.metrics.Report(account, region, directive.Namespace, m.Name, unitOf(m.Unit), value, dimensions...)
				}
			}
		}
	}
}

func unitOf(unit string) string {
	if unit == "" {
		return "None"
	}
	return unit
}

// numbers are a metric's value or values.
func numbers(v any) []float64 {
	switch v := v.(type) {
	case float64:
		return []float64{v}
	case []any:
		var out []float64
		for _, one := range v {
			if f, ok := one.(float64); ok {
				out = append(out, f)
			}
		}
		return out
	}
	return nil
}

func refuse(code, format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, format, args...)
}

type groupInput struct {
	LogGroupName       string            `wire:"logGroupName" valid:"min=1,max=512,pattern=[\\.\\-_/#A-Za-z0-9]+"`
	LogGroupIdentifier string            `wire:"logGroupIdentifier" valid:"min=1,max=2048"`
	LogGroupClass      string            `wire:"logGroupClass"`
	KMSKeyID           string            `wire:"kmsKeyId"`
	RetentionInDays    *int32            `wire:"retentionInDays"`
	Tags               map[string]string `wire:"tags"`
}

// group finds a group of the caller's, by name or by ARN.
func (l *Logs) group(c *core.Call, name, identifier string) (*group, error) {
	if name == "" {
		name = identifier
	}
	if a, ok := core.ParseARN(name); ok {
		name = strings.TrimSuffix(strings.TrimPrefix(a.Resource, "log-group:"), ":*")
	}
	if name == "" {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null")
	}
	g, _ := l.groups.Get(c.Caller.Account, c.Region, name)
	if g == nil {
		return nil, refuse("ResourceNotFoundException", "The specified log group does not exist.")
	}
	return g, nil
}

func (l *Logs) createGroup(c *core.Call, in *groupInput) (*struct{}, error) {
	if in.LogGroupName == "" {
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: Member must not be null")
	}
	p := property.With(map[string]any{"LogGroupName": in.LogGroupName}, "KmsKeyId", in.KMSKeyID)
	p = property.With(p, "LogGroupClass", in.LogGroupClass)
	_, _, err := l.groups.Make(c.Caller.Account, c.Region, property.With(p, "Tags", property.TagList(in.Tags)))
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	return &struct{}{}, err
}

func (l *Logs) deleteGroup(c *core.Call, in *groupInput) (*struct{}, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, l.groups.Delete(g.live)
}

// retentions are the days that events can be kept.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (l *Logs) putRetention(c *core.Call, in *groupInput) (*struct{}, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	switch {
	case err != nil:
		return nil, err
	case in.RetentionInDays == nil || !slices.Contains(retentions, *in.RetentionInDays):
		return nil, refuse("InvalidParameterException", "1 validation error detected: Value at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %v", retentions)
	}
	_, err = l.groups.Change(g.live, property.With(g.live.Properties, "RetentionInDays", float64(*in.RetentionInDays)))
	return &struct{}{}, err
}

func (l *Logs) deleteRetention(c *core.Call, in *groupInput) (*struct{}, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	_, err = l.groups.Change(g.live, property.With(g.live.Properties, "RetentionInDays", nil))
	return &struct{}{}, err
}

type describeGroupsInput struct {
	Prefix    string `wire:"logGroupNamePrefix"`
	Pattern   string `wire:"logGroupNamePattern"`
	NextToken string `wire:"nextToken"`
	Limit     *int32 `wire:"limit" valid:"min=1,max=50"`
}

type groupShape struct {
	LogGroupName      string `wire:"logGroupName"`
	CreationTime      int64  `wire:"creationTime"`
	RetentionInDays   *int32 `wire:"retentionInDays"`
	MetricFilterCount int32  `wire:"metricFilterCount"`
	Arn               string `wire:"arn"`
	StoredBytes       int64  `wire:"storedBytes"`
	KMSKeyID          string `wire:"kmsKeyId"`
	LogGroupClass     string `wire:"logGroupClass"`
	LogGroupArn       string `wire:"logGroupArn"`
}

type describeGroupsOutput struct {
	LogGroups []groupShape `wire:"logGroups"`
	NextToken string       `wire:"nextToken"`
}

func (l *Logs) describeGroups(c *core.Call, in *describeGroupsInput) (*describeGroupsOutput, error) {
	here := l.groups.At(c.Caller.Account, c.Region)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(here)), func(name string) bool {
		return !strings.HasPrefix(name, in.Prefix) || !strings.Contains(name, in.Pattern)
	})
	out := &describeGroupsOutput{LogGroups: []groupShape{}}
	names, out.NextToken = property.Page(names, in.NextToken, size(in.Limit, 50))
	for _, name := range names {
		g := here[name]
		arn := fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s", c.Options.Partition, c.Region, c.Caller.Account, name)
		class := property.Text(g.live.Properties["LogGroupClass"])
		if class == "" {
			class = "STANDARD"
		}
		out.LogGroups = append(out.LogGroups, groupShape{LogGroupName: name, CreationTime: g.live.Made.UnixMilli(), RetentionInDays: property.Int32(g.live.Properties["RetentionInDays"]),
			Arn: arn + ":*", LogGroupArn: arn, KMSKeyID: property.Text(g.live.Properties["KmsKeyId"]), LogGroupClass: class})
	}
	return out, nil
}

func size(n *int32, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

type streamInput struct {
	groupNames
	LogStreamName string `wire:"logStreamName" valid:"required,min=1,max=512,pattern=[^:*]*"`
}

type groupNames struct {
	LogGroupName       string `wire:"logGroupName" valid:"min=1,max=512"`
	LogGroupIdentifier string `wire:"logGroupIdentifier" valid:"min=1,max=2048"`
}

func (l *Logs) createStream(c *core.Call, in *streamInput) (*struct{}, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if g.streams[in.LogStreamName] != nil {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.stream(in.LogStreamName, c.Now())
	return &struct{}{}, nil
}

func (l *Logs) deleteStream(c *core.Call, in *streamInput) (*struct{}, error) {
	g, _, err := l.stream(c, in.groupNames, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	delete(g.streams, in.LogStreamName)
	return &struct{}{}, nil
}

func (l *Logs) stream(c *core.Call, in groupNames, name string) (*group, *stream, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, nil, err
	}
	if g.streams[name] == nil {
		return nil, nil, refuse("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	return g, g.streams[name], nil
}

type describeStreamsInput struct {
	groupNames
	Prefix     string `wire:"logStreamNamePrefix"`
	OrderBy    string `wire:"orderBy" valid:"enum=LogStreamName|LastEventTime"`
	Descending bool   `wire:"descending"`
	NextToken  string `wire:"nextToken"`
	Limit      *int32 `wire:"limit" valid:"min=1,max=50"`
}

type streamShape struct {
	LogStreamName       string `wire:"logStreamName"`
	CreationTime        int64  `wire:"creationTime"`
	FirstEventTimestamp *int64 `wire:"firstEventTimestamp"`
	LastEventTimestamp  *int64 `wire:"lastEventTimestamp"`
	LastIngestionTime   *int64 `wire:"lastIngestionTime"`
	UploadSequenceToken string `wire:"uploadSequenceToken"`
	Arn                 string `wire:"arn"`
	StoredBytes         int64  `wire:"storedBytes"`
}

type describeStreamsOutput struct {
	LogStreams []streamShape `wire:"logStreams"`
	NextToken  string        `wire:"nextToken"`
}

func (l *Logs) describeStreams(c *core.Call, in *describeStreamsInput) (*describeStreamsOutput, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	var list []*stream
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		if strings.HasPrefix(name, in.Prefix) {
			list = append(list, g.streams[name])
		}
	}
	if in.OrderBy == "LastEventTime" {
		slices.SortStableFunc(list, func(a, b *stream) int { return a.ingested.Compare(b.ingested) })
	}
	if in.Descending {
		slices.Reverse(list)
	}
	from, err := offset(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &describeStreamsOutput{LogStreams: []streamShape{}}
	list = list[min(from, len(list)):]
	for i, s := range list {
		if i == size(in.Limit, 50) {
			out.NextToken = strconv.Itoa(from + i)
			break
		}
		one := streamShape{LogStreamName: s.name, CreationTime: s.created.UnixMilli(),
			Arn: fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s:log-stream:%s", c.Options.Partition, c.Region, c.Caller.Account, g.name, s.name)}
		if n := len(s.events); n > 0 {
			first, last, at := s.events[0].at.UnixMilli(), s.events[n-1].at.UnixMilli(), s.ingested.UnixMilli()
			one.FirstEventTimestamp, one.LastEventTimestamp, one.LastIngestionTime = &first, &last, &at
		}
		out.LogStreams = append(out.LogStreams, one)
	}
	return out, nil
}

func offset(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimLeft(token, "fb/"))
	if err != nil || n < 0 {
		return 0, refuse("InvalidParameterException", "The specified nextToken is invalid.")
	}
	return n, nil
}

type inputEvent struct {
	Timestamp int64  `wire:"timestamp"`
	Message   string `wire:"message" valid:"required,min=1"`
}

type putEventsInput struct {
	streamInput
	LogEvents     []inputEvent `wire:"logEvents" valid:"required,min=1,max=10000"`
	SequenceToken string       `wire:"sequenceToken"`
}

type putEventsOutput struct {
	NextSequenceToken string `wire:"nextSequenceToken"`
}

func (l *Logs) putEvents(c *core.Call, in *putEventsInput) (*putEventsOutput, error) {
	_, s, err := l.stream(c, in.groupNames, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(in.LogEvents, func(a, b inputEvent) int { return int(min(max(a.Timestamp-b.Timestamp, -1), 1)) }) {
		return nil, refuse("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
	}
	for _, e := range in.LogEvents {
		l.put(s, time.UnixMilli(e.Timestamp), e.Message)
		l.embedded(c.Caller.Account, c.Region, e.Message)
	}
	return &putEventsOutput{fmt.Sprintf("%056d", l.ids)}, nil
}

type getEventsInput struct {
	streamInput
	StartTime     *int64 `wire:"startTime"`
	EndTime       *int64 `wire:"endTime"`
	NextToken     string `wire:"nextToken"`
	Limit         *int32 `wire:"limit" valid:"min=1,max=10000"`
	StartFromHead bool   `wire:"startFromHead"`
}

type outputEvent struct {
	Timestamp     int64  `wire:"timestamp"`
	Message       string `wire:"message"`
	IngestionTime int64  `wire:"ingestionTime"`
}

type getEventsOutput struct {
	Events            []outputEvent `wire:"events"`
	NextForwardToken  string        `wire:"nextForwardToken"`
	NextBackwardToken string        `wire:"nextBackwardToken"`
}

// within reports whether an event is in a span of times, of which the end is out.
func within(e *event, start, end *int64) bool {
	at := e.at.UnixMilli()
	return (start == nil || at >= *start) && (end == nil || at < *end)
}

func (l *Logs) getEvents(c *core.Call, in *getEventsInput) (*getEventsOutput, error) {
	_, s, err := l.stream(c, in.groupNames, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	var list []*event
	for i := range s.events {
		if within(&s.events[i], in.StartTime, in.EndTime) {
			list = append(list, &s.events[i])
		}
	}
	most := size(in.Limit, 10_000)
	from, err := offset(in.NextToken)
	switch {
	case err != nil:
		return nil, err
	case in.NextToken == "" && !in.StartFromHead:
		from = max(0, len(list)-most)
	case strings.HasPrefix(in.NextToken, "b/"):
		from = max(0, from-most)
	}
	from = min(from, len(list))
	to := min(from+most, len(list))
	out := &getEventsOutput{Events: []outputEvent{}, NextForwardToken: fmt.Sprintf("f/%056d", to), NextBackwardToken: fmt.Sprintf("b/%056d", from)}
	for _, e := range list[from:to] {
		out.Events = append(out.Events, outputEvent{e.at.UnixMilli(), e.message, e.ingested.UnixMilli()})
	}
	return out, nil
}

type filterInput struct {
	groupNames
	LogStreamNames      []string `wire:"logStreamNames" valid:"max=100"`
	LogStreamNamePrefix string   `wire:"logStreamNamePrefix"`
	StartTime           *int64   `wire:"startTime"`
	EndTime             *int64   `wire:"endTime"`
	FilterPattern       string   `wire:"filterPattern" valid:"max=1024"`
	NextToken           string   `wire:"nextToken"`
	Limit               *int32   `wire:"limit" valid:"min=1,max=10000"`
	Interleaved         bool     `wire:"interleaved"`
}

type filteredEvent struct {
	LogStreamName string `wire:"logStreamName"`
	outputEvent
	EventID string `wire:"eventId"`
}

type filterOutput struct {
	Events             []filteredEvent `wire:"events"`
	SearchedLogStreams []struct{}      `wire:"searchedLogStreams"`
	NextToken          string          `wire:"nextToken"`
}

// filterEvents answers the events whose message has every term of the pattern: words
// and quoted texts, a minus before what must not be there, a question mark before
// those of which one must be. Patterns for JSON and fields are refused.
func (l *Logs) filterEvents(c *core.Call, in *filterInput) (*filterOutput, error) {
	g, err := l.group(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	wanted, err := filterOf(in.FilterPattern)
	if err != nil {
		return nil, err
	}
	from, err := offset(in.NextToken)
	if err != nil {
		return nil, err
	}
	type found struct {
		stream string
		*event
	}
	var list []found
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		if !strings.HasPrefix(name, in.LogStreamNamePrefix) || in.LogStreamNames != nil && !slices.Contains(in.LogStreamNames, name) {
			continue
		}
		s := g.streams[name]
		for i := range s.events {
			if e := &s.events[i]; within(e, in.StartTime, in.EndTime) && wanted(e.message) {
				list = append(list, found{name, e})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return a.at.Compare(b.at) })
	out := &filterOutput{Events: []filteredEvent{}, SearchedLogStreams: []struct{}{}}
	list = list[min(from, len(list)):]
	for i, e := range list {
		if i == size(in.Limit, 10_000) {
			out.NextToken = strconv.Itoa(from + i)
			break
		}
		out.Events = append(out.Events, filteredEvent{e.stream, outputEvent{e.at.UnixMilli(), e.message, e.ingested.UnixMilli()}, fmt.Sprintf("%056d", e.id)})
	}
	return out, nil
}

// filterOf reads a filter pattern of terms.
func filterOf(pattern string) (func(string) bool, error) {
	var all, none, some []string
	rest := strings.TrimSpace(pattern)
	if strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "%") {
		return nil, refuse("InvalidParameterException", "the embedded AWS takes filter patterns of terms alone, and not %q", pattern)
	}
	for rest != "" {
		list := &all
		switch rest[0] {
		case '-':
			list, rest = &none, rest[1:]
		case '?':
			list, rest = &some, rest[1:]
		}
		var term string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			if term, rest, ok = strings.Cut(quoted, `"`); !ok {
				return nil, refuse("InvalidParameterException", "Invalid filter pattern")
			}
		} else {
			term, rest, _ = strings.Cut(rest, " ")
		}
		*list = append(*list, term)
		rest = strings.TrimSpace(rest)
	}
	return func(message string) bool {
		has := func(term string) bool { return strings.Contains(message, term) }
		return !slices.ContainsFunc(all, func(t string) bool { return !has(t) }) && !slices.ContainsFunc(none, has) && (len(some) == 0 || slices.ContainsFunc(some, has))
	}, nil
}

type tagsInput struct {
	ResourceArn string            `wire:"resourceArn" valid:"required,min=1,max=1011"`
	Tags        map[string]string `wire:"tags"`
	TagKeys     []string          `wire:"tagKeys"`
}

type tagsOutput struct {
	Tags map[string]string `wire:"tags"`
}

func (l *Logs) listTags(c *core.Call, in *tagsInput) (*tagsOutput, error) {
	g, err := l.group(c, in.ResourceArn, "")
	if err != nil {
		return nil, err
	}
	return &tagsOutput{property.Tags(g.live.Properties["Tags"])}, nil
}

func (l *Logs) tagResource(c *core.Call, in *tagsInput) (*struct{}, error) {
	g, err := l.group(c, in.ResourceArn, "")
	if err != nil {
		return nil, err
	}
	tags := property.Tags(g.live.Properties["Tags"])
	maps.Copy(tags, in.Tags)
	_, err = l.groups.Change(g.live, property.With(g.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}

func (l *Logs) untagResource(c *core.Call, in *tagsInput) (*struct{}, error) {
	g, err := l.group(c, in.ResourceArn, "")
	if err != nil {
		return nil, err
	}
	tags := property.Tags(g.live.Properties["Tags"])
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	_, err = l.groups.Change(g.live, property.With(g.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}
