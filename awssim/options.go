package awssim

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Set changes an option by an assignment such as StackSets.MaxBusyPerSet=100 or
// Partition=aws-us-gov, as `setmend sim --option` takes them. Ranges are written
// 5s-10s, lists with commas. It fails for a name that Options lacks, which the error
// then lists, and for a value that is not of the option's type.
func (o *Options) Set(assignment string) error {
	name, value, ok := strings.Cut(assignment, "=")
	if !ok {
		return fmt.Errorf("setting the option %q: it must be written NAME=VALUE", assignment)
	}
	known := map[string]reflect.Value{}
	settable(reflect.ValueOf(o).Elem(), "", known)
	option, ok := known[name]
	if !ok {
		names := make([]string, 0, len(known))
		for each := range known {
			names = append(names, each)
		}
		slices.Sort(names)
		return fmt.Errorf("setting the option %s: there is none of that name; there are %s", name, strings.Join(names, ", "))
	}
	if err := setOption(option, value); err != nil {
		return fmt.Errorf("setting the option %s to %q: %w", name, value, err)
	}
	return nil
}

// settable lists the options that a text can be given for, by dotted name.
func settable(v reflect.Value, prefix string, known map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		name := prefix + v.Type().Field(i).Name
		switch {
		case f.Type() == reflect.TypeFor[Span]():
			known[name] = f
		case f.Kind() == reflect.Struct:
			settable(f, name+".", known)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.String,
			f.Kind() == reflect.Bool, f.Kind() == reflect.String, f.CanInt(), f.CanUint():
			known[name] = f
		}
	}
}

func setOption(option reflect.Value, text string) (err error) {
	switch {
	case option.Type() == reflect.TypeFor[Span]():
		low, high, several := strings.Cut(text, "-")
		if !several {
			high = low
		}
		var span Span
		if span.Low, err = time.ParseDuration(low); err == nil {
			span.High, err = time.ParseDuration(high)
		}
		option.Set(reflect.ValueOf(span))
	case option.Type() == reflect.TypeFor[time.Duration]():
		var d time.Duration
		d, err = time.ParseDuration(text)
		option.SetInt(int64(d))
	case option.Kind() == reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(text)
		option.SetBool(b)
	case option.Kind() == reflect.Slice:
		option.Set(reflect.ValueOf(strings.Split(text, ",")).Convert(option.Type()))
	case option.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, option.Type().Bits())
		option.SetInt(n)
	case option.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, option.Type().Bits())
		option.SetUint(n)
	default:
		option.SetString(text)
	}
	return err
}
