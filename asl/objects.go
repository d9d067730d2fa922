package asl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// An ObjectStore is S3 for item readers and result writers. Its methods may be
// called from many goroutines at once.
type ObjectStore interface {
	// Get opens an object; the caller closes it.
	Get(ctx context.Context, bucket, key string) (io.ReadCloser, error)
	// Put writes an object, in place of one that is there.
	Put(ctx context.Context, bucket, key string, content []byte) error
	// List gives the objects whose keys begin with prefix, in the order of their
	// keys, each as ListObjectsV2 describes it: {"Key", "Size", "Etag", …}.
	List(ctx context.Context, bucket, prefix string) iter.Seq2[json.RawMessage, error]
}

// Beginnings of a Bucket that is not on S3.
const (
	fileScheme    = "file://"    // a directory of this machine: file:///data
	journalScheme = "journal://" // the engine's own Store
)

var errNoObjectStore = errors.New("no object store is configured for S3")

// objectsOf finds the object store that a bucket is in.
func objectsOf(bucket string, onS3 ObjectStore, store Store) (ObjectStore, error) {
	switch {
	case strings.HasPrefix(bucket, fileScheme):
		return directories{}, nil
	case strings.HasPrefix(bucket, journalScheme):
		return journaled{store}, nil
	case onS3 == nil:
		return nil, errNoObjectStore
	}
	return onS3, nil
}

// directories is an ObjectStore on the local file system: a bucket is a
// directory, and no key leads out of it.
type directories struct{}

func (directories) root(bucket string) (*os.Root, error) {
	return os.OpenRoot(strings.TrimPrefix(bucket, fileScheme))
}

func (d directories) Get(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	root, err := d.root(bucket)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Open(key)
}

func (d directories) Put(_ context.Context, bucket, key string, content []byte) error {
	root, err := d.root(bucket)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(key), 0o755); err != nil {
		return err
	}
	return root.WriteFile(key, content, 0o644)
}

func (d directories) List(_ context.Context, bucket, prefix string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		root, err := d.root(bucket)
		if err != nil {
			yield(nil, err)
			return
		}
		defer root.Close()
		err = walkFiles(root, prefix, yield)
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// journaled is an ObjectStore in a Store: an object is the newest entry of a log.
type journaled struct{ store Store }

// objectPrefix begins the names of the logs that hold objects.
const objectPrefix = "asl-object/"

func (j journaled) log(bucket, key string) string {
	return objectPrefix + strings.TrimPrefix(bucket, journalScheme) + "/" + key
}

func (j journaled) Get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	var newest []byte
	for entry, err := range j.store.Read(ctx, j.log(bucket, key), 0) {
		if err != nil {
			return nil, err
		}
		newest = entry
	}
	if newest == nil {
		return nil, fmt.Errorf("reading %s%s: %w", bucket, key, os.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(newest)), nil
}

func (j journaled) Put(ctx context.Context, bucket, key string, content []byte) error {
	log := j.log(bucket, key)
	epoch, err := j.store.Claim(ctx, log)
	if err != nil {
		return err
	}
	return j.store.Append(ctx, log, epoch, content)
}

func (j journaled) List(ctx context.Context, bucket, prefix string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		names, err := j.store.Logs(ctx, j.log(bucket, prefix))
		if err != nil {
			yield(nil, err)
			return
		}
		for _, name := range names {
			key := strings.TrimPrefix(name, j.log(bucket, ""))
			if !yield(describeObject(key, -1), nil) {
				return
			}
		}
	}
}

var errStopped = errors.New("the listing was stopped")

// walkFiles yields the files below root whose paths begin with prefix, in order.
func walkFiles(root *os.Root, prefix string, yield func(json.RawMessage, error) bool) error {
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !strings.HasPrefix(path, prefix) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !yield(describeObject(path, info.Size()), nil) {
			return errStopped
		}
		return nil
	})
}

// describeObject describes an object as ListObjectsV2 does, as far as it is
// known; size < 0 is not.
func describeObject(key string, size int64) json.RawMessage {
	members := []value.Member{{Name: "Key", Value: key}}
	if size >= 0 {
		members = append(members, value.Member{Name: "Size", Value: value.Int(size)})
	}
	return value.Encode(value.NewObject(members...))
}
