package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"sort"
	"strconv"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// parseJSON reads a request body; an empty one is an empty object, as the SDKs
// send for actions without input.
func parseJSON(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, core.Errorf(400, "SerializationException", "the request body is not a JSON object")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, core.Errorf(400, "SerializationException", "the request body goes on after the JSON object")
	}
	return tree, nil
}

// appendJSON prints a value in AWS's JSON: times are epoch seconds.
func appendJSON(b []byte, v reflect.Value) []byte {
	v = follow(v)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface:
		return append(b, "null"...)
	case v.Type() == timeType:
		return strconv.AppendFloat(b, epochSeconds(v.Interface().(time.Time)), 'f', -1, 64)
	case v.Kind() == reflect.Struct:
		return appendJSONStruct(b, v)
	case v.Kind() == reflect.Map:
		return appendJSONMap(b, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return appendJSONString(b, base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Slice:
		return appendJSONList(b, v)
	case v.Kind() == reflect.String:
		return appendJSONString(b, v.String())
	case v.Kind() == reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case v.CanInt():
		return strconv.AppendInt(b, v.Int(), 10)
	case v.CanFloat():
		return appendJSONFloat(b, v.Float())
	}
	return append(b, "null"...)
}

// appendJSONFloat prints the values that JSON has no numbers for as AWS does.
func appendJSONFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendJSONStruct(b []byte, v reflect.Value) []byte {
	b = append(b, '{')
	for i, m := range members(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, m.name), ':')
		b = appendJSON(b, m.value)
	}
	return append(b, '}')
}

func appendJSONMap(b []byte, v reflect.Value) []byte {
	b = append(b, '{')
	for i, key := range sortedKeys(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, key.String()), ':')
		b = appendJSON(b, v.MapIndex(key))
	}
	return append(b, '}')
}

func appendJSONList(b []byte, v reflect.Value) []byte {
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v.Index(i))
	}
	return append(b, ']')
}

func appendJSONString(b []byte, s string) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil { // strings always encode
		return append(b, `""`...)
	}
	return append(b, bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))...)
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	return keys
}
