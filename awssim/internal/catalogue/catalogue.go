package catalogue

import (
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"maps"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

//go:embed catalogue.bin
var file string

// magic begins the file and names its version.
const magic = "awscat1\n"

// index is where things lie in the file.
type index struct {
	count                     int
	names, dictionary, blocks string
	nameAt, blockAt           string // count+1 offsets of four bytes each
}

var read = func() index {
	if !strings.HasPrefix(file, magic) {
		panic("catalogue: catalogue.bin is of another version; run make generate-catalogue")
	}
	rest := file[len(magic):]
	count, names, dictionary := number(rest, 0), number(rest, 1), number(rest, 2)
	rest = rest[12:]
	offsets := 4 * (count + 1)
	x := index{count: count, nameAt: rest[:offsets], blockAt: rest[offsets : 2*offsets]}
	rest = rest[2*offsets:]
	x.names, x.dictionary, x.blocks = rest[:names], rest[names:names+dictionary], rest[names+dictionary:]
	return x
}()

// number is the i-th number of four bytes.
func number(s string, i int) int {
	return int(binary.LittleEndian.Uint32([]byte(s[4*i : 4*i+4])))
}

func (x *index) name(i int) string  { return x.names[number(x.nameAt, i):number(x.nameAt, i+1)] }
func (x *index) block(i int) string { return x.blocks[number(x.blockAt, i):number(x.blockAt, i+1)] }

// position finds a type in the index.
func (x *index) position(name string) (int, bool) {
	i := sort.Search(x.count, func(i int) bool { return x.name(i) >= name })
	return i, i < x.count && x.name(i) == name
}

// Known reports whether the registry has the type.
func Known(name string) bool {
	_, ok := read.position(name)
	return ok
}

// Names yields all types in order.
func Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range read.count {
			if !yield(read.name(i)) {
				return
			}
		}
	}
}

// Document returns a type's schema as JSON text; false if there is no such type.
// Keywords that begin with x- are the catalogue's own.
func Document(name string) (string, bool) {
	i, ok := read.position(name)
	if !ok {
		return "", false
	}
	r := flate.NewReaderDict(strings.NewReader(read.block(i)), []byte(read.dictionary))
	text, err := io.ReadAll(r)
	if err != nil {
		panic(fmt.Sprintf("catalogue: reading type %s: %v; run make generate-catalogue", name, err))
	}
	return string(text), true
}

// loaded are the types that were asked for. A read takes no lock.
var (
	loaded  atomic.Pointer[map[string]*Type]
	loading sync.Mutex
)

// Find returns a type; false if the registry does not have it.
func Find(name string) (*Type, bool) {
	if m := loaded.Load(); m != nil {
		if t := (*m)[name]; t != nil {
			return t, true
		}
	}
	text, ok := Document(name)
	if !ok {
		return nil, false
	}
	t := decode(name, text)
	loading.Lock()
	defer loading.Unlock()
	next := map[string]*Type{}
	if m := loaded.Load(); m != nil {
		if earlier := (*m)[name]; earlier != nil {
			return earlier, true
		}
		maps.Copy(next, *m)
	}
	next[name] = t
	loaded.Store(&next)
	return t, true
}
