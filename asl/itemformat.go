package asl

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/source"
	"github.com/setmend/setmend/asl/internal/value"
)

// decode reads at most max items (0 is all).
func (t *itemFormat) decode(content io.Reader, max int64) ([]any, error) {
	switch t.inputType {
	case "CSV":
		return t.decodeCSV(content, max)
	case "JSONL":
		return decodeLines(content, max)
	case inputParquet:
		return nil, errors.New("the InputType PARQUET is not read here: export the data as CSV or JSONL")
	}
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	v, err := decodeText(text)
	if err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	items, ok := t.pointed(v).([]any)
	if !ok {
		return nil, saying(causeNotIterable)
	}
	if max > 0 && int64(len(items)) > max {
		items = items[:max]
	}
	return items, nil
}

// decodeText decodes JSON that may begin with a byte order mark.
func decodeText(text []byte) (any, error) {
	text, err := source.Clean(text)
	if err != nil {
		return nil, err
	}
	return value.Decode(text)
}

// pointed follows ItemsPointer; what is not there is nil.
func (t *itemFormat) pointed(v any) any {
	for _, part := range t.pointer {
		o, ok := v.(*value.Object)
		if !ok {
			return nil
		}
		v, _ = o.Get(part)
	}
	return v
}

func decodeLines(content io.Reader, max int64) ([]any, error) {
	items := []any{}
	lines := bufio.NewReader(content)
	for n := 1; max == 0 || int64(len(items)) < max; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			v, err := decodeText(line)
			if err != nil {
				return nil, fmt.Errorf("reading line %d: %w", n, err)
			}
			items = append(items, v)
		}
		if err == io.EOF {
			break
		}
	}
	return items, nil
}

func (t *itemFormat) decodeCSV(content io.Reader, max int64) ([]any, error) {
	rows := csv.NewReader(content)
	rows.Comma = t.delimiter
	rows.FieldsPerRecord = -1
	headers := t.headers
	items := []any{}
	for max == 0 || int64(len(items)) < max {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading CSV: %w", err)
		}
		if headers == nil {
			headers = slices.Clone(row)
			headers[0] = strings.TrimPrefix(headers[0], "\uFEFF")
			continue
		}
		items = append(items, csvItem(headers, row))
	}
	return items, nil
}

// csvItem is a row as an object. A field that is missing is empty, one too many
// is left out.
func csvItem(headers, row []string) *value.Object {
	members := make([]value.Member, len(headers))
	for i, h := range headers {
		members[i] = value.Member{Name: h, Value: ""}
		if i < len(row) {
			members[i].Value = row[i]
		}
	}
	return value.NewObject(members...)
}

// A budget is how many bytes of items may still be read, of all files together.
type budget struct{ left int64 }

// open returns the content of a file, out of its compression if it has gzip's, and
// fails when the budget is over.
func (b *budget) open(content io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(content)
	if magic, _ := buffered.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return &bounded{buffered, b}, nil
	}
	plain, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("reading gzip: %w", err)
	}
	return &bounded{plain, b}, nil
}

type bounded struct {
	io.Reader
	of *budget
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.of.left -= int64(n); b.of.left < 0 {
		return 0, errors.New("the items take more bytes than the limit allows")
	}
	return n, err
}
