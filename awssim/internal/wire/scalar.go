package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// setText gives a scalar the value that a text stands for.
func setText(v reflect.Value, text string) error {
	if v.Type() == timeType {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fmt.Errorf("%.80q is not a timestamp", text)
		}
		v.Set(reflect.ValueOf(at.UTC()))
		return nil
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		return setBool(v, text)
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%.80q is not an integer", text)
		}
		v.SetInt(n)
	case v.CanFloat():
		n, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%.80q is not a number", text)
		}
		v.SetFloat(n)
	case v.Kind() == reflect.Slice: // of bytes
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("%.80q is not base64", text)
		}
		v.SetBytes(raw)
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf(text))
	default:
		return fmt.Errorf("a %s cannot be read from text", v.Kind())
	}
	return nil
}

func setBool(v reflect.Value, text string) error {
	switch text {
	case "true", "True", "TRUE":
		v.SetBool(true)
	case "false", "False", "FALSE":
		v.SetBool(false)
	default:
		return fmt.Errorf("%.80q is not a boolean", text)
	}
	return nil
}

// isoTime is how the Query protocol prints a time.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// epochSeconds is how the JSON and CBOR protocols print a time.
func epochSeconds(t time.Time) float64 {
	return math.Round(float64(t.UnixMicro())/1000) / 1000
}

func fromEpoch(seconds float64) (time.Time, error) {
	if math.IsNaN(seconds) || math.Abs(seconds) > 1e12 {
		return time.Time{}, fmt.Errorf("%v is not a timestamp", seconds)
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(part*1e3))*1e6).UTC(), nil
}
