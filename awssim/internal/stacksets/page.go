package stacksets

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Paging are the inputs of every list.
type Paging struct {
	NextToken  string `valid:"min=1,max=1024"`
	MaxResults *int32 `valid:"min=1,max=100"`
}

// page is where a listing goes on, and how much of it is wanted.
type page struct {
	of   string // the list, so that a token is good for that list only
	from int
	size int
}

func (s *Service) page(p Paging, of string) (page, error) {
	out := page{of: of, size: s.options.PageSize}
	if p.MaxResults != nil {
		out.size = int(*p.MaxResults)
	}
	if p.NextToken == "" {
		return out, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.NextToken)
	list, number, ok := strings.Cut(string(raw), "\n")
	if err == nil && ok && list == of {
		if out.from, err = strconv.Atoi(number); err == nil && out.from >= 0 {
			return out, nil
		}
	}
	return page{}, core.Invalid("Invalid value for NextToken")
}

// token is the NextToken of a listing that goes on at a position.
func (p page) token(from int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.of + "\n" + strconv.Itoa(from)))
}

// cut is one page of a list that is all there, and the token for the next.
func cut[T any](p page, list []T) ([]T, string) {
	from := min(p.from, len(list))
	to := min(from+p.size, len(list))
	if to == len(list) {
		return list[from:], ""
	}
	return list[from:to], p.token(to)
}
