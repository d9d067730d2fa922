package organizations

import (
	"encoding/base64"
	"sort"
)

// maxPage is the largest and the default page: MaxResults is 1 to 20.
const maxPage = 20

// page cuts a page out of items, which are sorted by key. The token names the
// last key that was answered, so a list that changes between two pages neither
// repeats nor loses what stayed.
func page[T any](o *Organization, items []T, key func(T) string, max *int32, token string) ([]T, string, error) {
	after, paused, err := decodeToken(token)
	if err != nil {
		return nil, "", err
	}
	start := 0
	if token != "" {
		start = sort.Search(len(items), func(i int) bool { return key(items[i]) > after })
	}
	if o.pauses(paused) {
		return []T{}, encodeToken(after, true), nil
	}
	end := min(start+size(max), len(items))
	if end == len(items) {
		return append([]T{}, items[start:]...), "", nil
	}
	return append([]T{}, items[start:end]...), encodeToken(key(items[end-1]), false), nil
}

// pauses decides whether an empty page comes first; never twice in a row.
func (o *Organization) pauses(paused bool) bool {
	if o.options.EmptyPages <= 0 || paused {
		return false
	}
	o.pages++
	return o.pages%o.options.EmptyPages == 0
}

func size(max *int32) int {
	if max == nil || *max < 1 || *max > maxPage {
		return maxPage
	}
	return int(*max)
}

func encodeToken(after string, paused bool) string {
	mark := "-"
	if paused {
		mark = "+"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(mark + after))
}

func decodeToken(token string) (after string, paused bool, err error) {
	if token == "" {
		return "", false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) == 0 || b[0] != '-' && b[0] != '+' {
		return "", false, invalid("INVALID_NEXT_TOKEN", "You provided an invalid pagination token.")
	}
	return string(b[1:]), b[0] == '+', nil
}
