package integration

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody bounds what is read of an answer that comes as a stream, in bytes:
// above what any state may hold, so that its limit is what one hears of.
const maxBody = 1 << 20

// An answer writes an SDK output as Step Functions does.
type answer struct{ bytes.Buffer }

// encode is the JSON of an SDK output.
func encode(out any) (json.RawMessage, error) {
	var a answer
	v := reflect.ValueOf(out)
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return json.RawMessage("{}"), nil
	}
	if err := a.value(v); err != nil {
		return nil, err
	}
	return a.Bytes(), nil
}

// absent tells what AWS did not send.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	case reflect.String: // a field of an enumeration; other strings are pointers
		return v.Len() == 0
	}
	return false
}

func (a *answer) value(v reflect.Value) error {
	if v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		return a.referred(v)
	}
	if v.Type() == timeType {
		return a.text(instant(v.Interface().(time.Time)))
	}
	switch v.Kind() {
	case reflect.Struct:
		return a.object(v)
	case reflect.Slice:
		return a.slice(v)
	case reflect.Map:
		return a.mapping(v)
	case reflect.String:
		return a.text(v.String())
	case reflect.Bool:
		a.WriteString(strconv.FormatBool(v.Bool()))
		return nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		a.WriteString(strconv.FormatInt(v.Int(), 10))
		return nil
	case reflect.Float32, reflect.Float64:
		return a.json(v.Float())
	}
	return fmt.Errorf("reading the answer: a %s cannot be written as JSON", v.Type())
}

// referred is what a pointer points to or an interface holds: a stream, or a
// member of a union, which the SDK has as a type of its own.
func (a *answer) referred(v reflect.Value) error {
	if v.IsNil() {
		a.WriteString("null")
		return nil
	}
	if v.Kind() == reflect.Pointer {
		return a.value(v.Elem())
	}
	if body, ok := v.Interface().(io.ReadCloser); ok {
		return a.stream(body)
	}
	union := reflect.Indirect(v.Elem())
	if _, name, ok := strings.Cut(union.Type().Name(), "Member"); ok && union.Kind() == reflect.Struct {
		a.WriteByte('{')
		if err := a.member(name, union.FieldByName("Value")); err != nil {
			return err
		}
		a.WriteByte('}')
		return nil
	}
	return fmt.Errorf("reading the answer: a %s cannot be written as JSON", v.Type())
}

func (a *answer) stream(body io.ReadCloser) error {
	content, err := io.ReadAll(io.LimitReader(body, maxBody))
	if err = errors.Join(err, body.Close()); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return a.blob(content)
}

func (a *answer) object(v reflect.Value) error {
	a.WriteByte('{')
	first := true
	for i := range v.NumField() {
		if !isMember(v.Type().Field(i)) || absent(v.Field(i)) {
			continue
		}
		if !first {
			a.WriteByte(',')
		}
		first = false
		if err := a.member(memberName(v.Type().Field(i).Name), v.Field(i)); err != nil {
			return err
		}
	}
	a.WriteByte('}')
	return nil
}

func (a *answer) member(name string, v reflect.Value) error {
	if err := a.text(name); err != nil {
		return err
	}
	a.WriteByte(':')
	return a.value(v)
}

func (a *answer) slice(v reflect.Value) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return a.blob(v.Bytes())
	}
	a.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			a.WriteByte(',')
		}
		if err := a.value(v.Index(i)); err != nil {
			return err
		}
	}
	a.WriteByte(']')
	return nil
}

func (a *answer) mapping(v reflect.Value) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
	a.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			a.WriteByte(',')
		}
		if err := a.member(key.String(), v.MapIndex(key)); err != nil {
			return err
		}
	}
	a.WriteByte('}')
	return nil
}

func (a *answer) blob(b []byte) error {
	if utf8.Valid(b) {
		return a.text(string(b))
	}
	return a.text(base64.StdEncoding.EncodeToString(b))
}

func (a *answer) text(s string) error { return a.json(s) }

func (a *answer) json(v any) error {
	encoder := json.NewEncoder(a)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	a.Truncate(a.Len() - 1) // the encoder's line break
	return nil
}

// instant writes a time as Java's Instant does, which Step Functions shows:
// thousandths, millionths or billionths of a second, as many as are needed.
func instant(t time.Time) string {
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000000Z"} {
		text := t.UTC().Format(layout)
		if back, err := time.Parse(layout, text); err == nil && back.Equal(t) {
			return text
		}
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000000Z")
}
