package s3

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/setmend/setmend/journal/internal/contract"
)

// Read implements [journal.Journal].
func (s *Journal) Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := s.read(ctx, log, max(after, 0), func(entry []byte) bool { return yield(entry, nil) }); err != nil {
			yield(nil, contract.Fail("reading log "+log, err))
		}
	}
}

// read gives the entries to visit until that says false.
func (s *Journal) read(ctx context.Context, log string, after int64, visit func([]byte) bool) error {
	if err := contract.Ready(ctx, log); err != nil {
		return err
	}
	last, err := s.lastLink(ctx, log, 0)
	if err != nil {
		return err
	}
	first, err := s.linkWith(ctx, log, after, last)
	if err != nil {
		return err
	}
	count := int64(-1) // entries before the next link, once known
	for number := first; number <= last; number += readAhead {
		links, err := s.fetch(ctx, log, number, min(number+readAhead-1, last))
		if err != nil {
			return err
		}
		for _, o := range links {
			if count >= 0 && o.number != count {
				return contract.Damaged("reading log "+log, fmt.Sprintf("a link says that %d entries precede it, there are %d", o.number, count))
			}
			count = o.number
			for _, entry := range o.entries {
				count++
				if count > after && !visit(entry) {
					return nil
				}
			}
		}
	}
	return nil
}

// linkWith finds the link to begin reading at: the last one that is preceded by
// no more than `after` entries. Counts never fall along the chain.
func (s *Journal) linkWith(ctx context.Context, log string, after, last int64) (int64, error) {
	if after == 0 || last == 0 {
		return 1, nil
	}
	var failure error
	beyond := sort.Search(int(last), func(i int) bool {
		if failure != nil {
			return true
		}
		o, err := s.link(ctx, log, int64(i)+1)
		failure = err
		return o.number > after
	})
	return max(int64(beyond), 1), failure
}

// readAhead is how many links are read at a time: each is a round trip.
const readAhead = 16

type readLink struct {
	object
	entries [][]byte
}

func (s *Journal) fetch(ctx context.Context, log string, first, last int64) ([]readLink, error) {
	links := make([]readLink, last-first+1)
	failures := make([]error, len(links))
	var wait sync.WaitGroup
	for i := range links {
		wait.Go(func() {
			o, err := s.link(ctx, log, first+int64(i))
			if err == nil && o.kind == kindEntries {
				links[i].entries, err = unpackEntries(s.linkName(log, first+int64(i)), o.payload)
			}
			links[i].object, failures[i] = o, err
		})
	}
	wait.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return links, nil
}

// Logs implements [journal.Journal]. It skips from log to log, one request for each.
func (s *Journal) Logs(ctx context.Context, prefix string) ([]string, error) {
	root := s.prefix + "logs/"
	start := root + escapeSegment(prefix)
	var logs []string
	for after := ""; ; {
		names, _, err := s.store.List(ctx, start, after, 1)
		if err != nil {
			return nil, contract.Fail("listing logs "+prefix, err)
		}
		if len(names) == 0 {
			slices.Sort(logs)
			return logs, nil
		}
		segment, _, _ := strings.Cut(strings.TrimPrefix(names[0], root), "/")
		log, err := unescape(segment)
		if err != nil {
			return nil, contract.Damaged("listing logs "+prefix, fmt.Sprintf("object %q is not the journal's", names[0]))
		}
		logs = append(logs, log)
		after = root + segment + "/~" // behind all of its links, which are hexadecimal
	}
}
