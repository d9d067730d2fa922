package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"reflect"
	"strconv"
	"time"
)

// appendXML prints the content of a value's element in AWS's Query XML: lists as
// elements called item, maps as <entry>, times in ISO 8601 with milliseconds.
func appendXML(b *bytes.Buffer, v reflect.Value, item string) {
	v = follow(v)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface:
	case v.Type() == timeType:
		b.WriteString(isoTime(v.Interface().(time.Time)))
	case v.Kind() == reflect.Struct:
		for _, m := range members(v) {
			element(b, m.name, func() { appendXML(b, m.value, m.item) })
		}
	case v.Kind() == reflect.Map:
		for _, key := range sortedKeys(v) {
			element(b, "entry", func() {
				element(b, "key", func() { text(b, key.String()) })
				element(b, "value", func() { appendXML(b, v.MapIndex(key), item) })
			})
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			element(b, item, func() { appendXML(b, v.Index(i), "member") })
		}
	default:
		text(b, scalarText(v))
	}
}

func scalarText(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return ""
}

// element writes an element; one without content is written as <Name/>.
func element(b *bytes.Buffer, name string, content func()) {
	b.WriteByte('<')
	b.WriteString(name)
	b.WriteByte('>')
	before := b.Len()
	content()
	if b.Len() == before {
		b.Truncate(before - 1)
		b.WriteString("/>")
		return
	}
	b.WriteString("</")
	b.WriteString(name)
	b.WriteByte('>')
}

// text escapes; characters that XML cannot hold become U+FFFD.
func text(b *bytes.Buffer, s string) {
	// A bytes.Buffer does not fail.
	_ = xml.EscapeText(b, []byte(s))
}
