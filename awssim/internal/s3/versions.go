package s3

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// nullVersion is the id of what was written while versioning was not on.
const nullVersion = "null"

// versionOf is an object's version id.
func (o *object) versionOf() string {
	if o.version == "" {
		return nullVersion
	}
	return o.version
}

// newVersion makes a version id.
func (s *Store) newVersion() string {
	return strings.ReplaceAll(s.world.UUID(), "-", "")
}

// put stores an object as a key's current version. While versioning is on, the one
// before is kept; while it is suspended, the null version is overwritten.
func (b *bucket) put(s *Store, key string, o *object) {
	b.setAside(key)
	if b.versioningStatus() == "Enabled" {
		o.version = s.newVersion()
	}
	b.current(key, o)
}

// setAside makes room for a new current version.
func (b *bucket) setAside(key string) {
	if !b.versioned() {
		return
	}
	old := b.objects[key]
	if b.versioningStatus() == "Suspended" {
		b.history[key] = slices.DeleteFunc(b.history[key], func(o *object) bool { return o.version == "" })
		if old != nil && old.version == "" {
			old = nil
		}
	}
	if old != nil {
		b.keep(key, old)
	}
	b.tidy(key)
}

// keep adds a version that is no longer current, as the newest of them.
func (b *bucket) keep(key string, o *object) {
	if b.history == nil {
		b.history = map[string][]*object{}
	}
	b.history[key] = slices.Insert(b.history[key], 0, o)
}

func (b *bucket) tidy(key string) {
	if len(b.history[key]) == 0 {
		delete(b.history, key)
	}
}

// current makes an object its key's current version.
func (b *bucket) current(key string, o *object) {
	if b.objects[key] == nil {
		i, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Insert(b.keys, i, key)
	}
	b.objects[key] = o
}

func (b *bucket) drop(key string) {
	if b.objects[key] == nil {
		return
	}
	i, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, i, i+1)
	delete(b.objects, key)
}

// remove deletes a key: in a versioned bucket it gets a delete marker, which is
// returned.
func (b *bucket) remove(s *Store, key string) (marker *object) {
	if !b.versioned() {
		b.drop(key)
		return nil
	}
	b.setAside(key)
	b.drop(key)
	marker = s.newObject(nil, http.Header{}, checksum{})
	marker.marker = true
	if b.versioningStatus() == "Enabled" {
		marker.version = s.newVersion()
	}
	b.keep(key, marker)
	return marker
}

// version finds a version of a key, nil if there is none.
func (b *bucket) version(key, id string) *object {
	if o := b.objects[key]; o != nil && o.versionOf() == id {
		return o
	}
	for _, o := range b.history[key] {
		if o.versionOf() == id {
			return o
		}
	}
	return nil
}

// removeVersion deletes a version for good. What was newest before is current then,
// unless that is a delete marker.
func (b *bucket) removeVersion(key, id string) *object {
	gone := b.version(key, id)
	if gone == nil {
		return nil
	}
	if b.objects[key] == gone {
		b.drop(key)
	} else {
		b.history[key] = slices.DeleteFunc(b.history[key], func(o *object) bool { return o == gone })
	}
	if past := b.history[key]; b.objects[key] == nil && len(past) > 0 && !past[0].marker {
		b.current(key, past[0])
		b.history[key] = past[1:]
	}
	b.tidy(key)
	return gone
}

// reading is the object that a request reads: the current one, or the version that
// it names.
func (q *request) reading() (*object, error) {
	id := q.query.Get("versionId")
	if id == "" {
		if o := q.bucket.objects[q.at.key]; o != nil {
			return o, nil
		}
		if past := q.bucket.history[q.at.key]; len(past) > 0 && past[0].marker {
			q.w.Header().Set("x-amz-delete-marker", "true")
			q.w.Header().Set("x-amz-version-id", past[0].versionOf())
		}
		return nil, errNoKey(q.at.key)
	}
	o := q.bucket.version(q.at.key, id)
	switch {
	case o == nil:
		return nil, with(with(core.Errorf(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist."), "Key", q.at.key), "VersionId", id)
	case o.marker:
		q.w.Header().Set("x-amz-delete-marker", "true")
		return nil, core.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	return o, nil
}

// tellVersion adds the version's header, in buckets that have versions.
func (q *request) tellVersion(o *object) {
	if q.bucket.versioned() {
		q.w.Header().Set("x-amz-version-id", o.versionOf())
	}
}

type versionEntry struct {
	XMLName      xml.Name
	Key          string
	VersionId    string
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Size         *int   `xml:",omitempty"`
	StorageClass string `xml:",omitempty"`
	Owner        *owner
}

type listVersionsResult struct {
	XMLName                            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name, Prefix                       string
	KeyMarker, VersionIdMarker         string
	NextKeyMarker, NextVersionIdMarker string `xml:",omitempty"`
	MaxKeys                            int
	Delimiter, EncodingType            string `xml:",omitempty"`
	IsTruncated                        bool
	Entries                            []versionEntry
	CommonPrefixes                     []commonPrefix
}

// listVersions lists versions and delete markers by key, newest first, after the
// key and version that the markers name.
func (q *request) listVersions() error {
	limit, err := q.limit("max-keys")
	if err != nil {
		return err
	}
	prefix, delimiter := q.query.Get("prefix"), q.query.Get("delimiter")
	out := listVersionsResult{Name: q.bucket.name, Prefix: q.encode(prefix), MaxKeys: limit, Delimiter: q.encode(delimiter), EncodingType: q.query.Get("encoding-type"),
		KeyMarker: q.encode(q.query.Get("key-marker")), VersionIdMarker: q.query.Get("version-id-marker")}
	groups := map[string]bool{}
	for _, key := range q.bucket.versionedKeys() {
		if !strings.HasPrefix(key, prefix) || key < q.query.Get("key-marker") {
			continue
		}
		if group := groupOf(key, prefix, delimiter); group != "" {
			if !groups[group] {
				groups[group] = true
				out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{q.encode(group)})
			}
			continue
		}
		if !q.addVersions(&out, key, limit) {
			break
		}
	}
	q.answer(http.StatusOK, out)
	return nil
}

// addVersions lists a key's versions; false if the page is full before its end.
func (q *request) addVersions(out *listVersionsResult, key string, limit int) bool {
	all := q.bucket.history[key]
	if o := q.bucket.objects[key]; o != nil {
		all = append([]*object{o}, all...)
	}
	skip := key == q.query.Get("key-marker")
	for i, o := range all {
		if skip {
			skip = q.query.Get("version-id-marker") == "" || o.versionOf() != q.query.Get("version-id-marker")
			continue
		}
		if len(out.Entries) == limit {
			if last := len(out.Entries) - 1; last >= 0 {
				out.IsTruncated, out.NextKeyMarker, out.NextVersionIdMarker = true, out.Entries[last].Key, out.Entries[last].VersionId
			}
			return false
		}
		out.Entries = append(out.Entries, q.versionEntry(key, o, i == 0))
	}
	return true
}

func (q *request) versionEntry(key string, o *object, latest bool) versionEntry {
	e := versionEntry{XMLName: xml.Name{Local: "Version"}, Key: q.encode(key), VersionId: o.versionOf(), IsLatest: latest, LastModified: iso(o.modified),
		Owner: &owner{ID: q.bucket.owner}}
	if o.marker {
		e.XMLName.Local = "DeleteMarker"
		return e
	}
	size := len(o.body)
	e.ETag, e.Size, e.StorageClass = o.etag, &size, "STANDARD"
	return e
}

// versionedKeys lists the keys that have any version, sorted.
func (b *bucket) versionedKeys() []string {
	out := slices.Clone(b.keys)
	for key := range b.history {
		if b.objects[key] == nil {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// deletion is the answer's headers for a deletion.
func (q *request) deletion(marker *object) {
	if marker == nil {
		return
	}
	q.w.Header().Set("x-amz-delete-marker", fmt.Sprint(marker.marker))
	q.w.Header().Set("x-amz-version-id", marker.versionOf())
}
