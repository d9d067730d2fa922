package asl

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

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
