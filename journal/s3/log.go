package s3

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/journal/internal/contract"
	"github.com/setmend/setmend/journal/internal/group"
)

// A log is a chain of objects, its links, numbered 1, 2, 3 … without gaps. A
// link holds entries, or it is a claim. Who wants to add the next link creates
// an object under the next number if there is none: of two writers one wins,
// and the other reads what the winner wrote, entries to go behind or a claim to
// give way to. Every link repeats the epoch and the count, so that the last one
// tells all about the log.
type chain struct {
	commits *group.Group[addition]
	tail    tail // the last link known here; owned by who has commits' turn
}

type tail struct {
	link  int64 // its number, 0 for none
	count int64 // entries up to and with it
	epoch int64
}

// addition is one Append, Claim or Create that waits to become (part of) a link.
type addition struct {
	claim   bool   // takes the next epoch; with entries it is a Create
	epoch   int64  // the writer's, for entries
	granted *int64 // where to put the new epoch, for a claim
	entries [][]byte
}

// creates tells a Create: entries that are a claim as well.
func (a addition) creates() bool { return a.claim && len(a.entries) > 0 }

func (s *Journal) chain(log string) *chain {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.logs[log]
	if c == nil {
		c = &chain{}
		c.commits = group.New(func(requests []*group.Request[addition]) { s.extend(log, c, requests) })
		s.logs[log] = c
	}
	return c
}

// Claim implements [journal.Journal].
func (s *Journal) Claim(ctx context.Context, log string) (epoch int64, err error) {
	if err := contract.Ready(ctx, log); err != nil {
		return 0, err
	}
	err = s.chain(log).commits.Do(ctx, addition{claim: true, granted: &epoch})
	return epoch, contract.Fail("claiming log "+log, err)
}

// Create implements [journal.Journal]. It is one link: entries with an epoch of their own.
func (s *Journal) Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error) {
	if err := contract.ReadyToCreate(ctx, log, entries); err != nil {
		return 0, err
	}
	err = s.chain(log).commits.Do(ctx, addition{claim: true, granted: &epoch, entries: entries})
	return epoch, contract.Fail("creating log "+log, err)
}

// Append implements [journal.Journal].
func (s *Journal) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	if err := contract.Ready(ctx, log, entries...); err != nil {
		return err
	}
	return contract.Fail("appending to log "+log, s.chain(log).commits.Do(ctx, addition{epoch: epoch, entries: entries}))
}

// extend carries out a batch: appends that stand together with one epoch become
// one link, a claim becomes a link of its own.
func (s *Journal) extend(log string, c *chain, requests []*group.Request[addition]) {
	for len(requests) > 0 {
		n, size := 1, 0
		first := requests[0].Value
		entries := slices.Clone(first.entries)
		for !first.claim && n < len(requests) && size < contract.MaxValue {
			next := requests[n].Value
			if next.claim || next.epoch != first.epoch {
				break
			}
			for _, entry := range next.entries {
				size += len(entry)
			}
			entries = append(entries, next.entries...)
			n++
		}
		first.entries = entries
		err := s.add(log, c, first)
		for _, r := range requests[:n] {
			r.Done <- err
		}
		requests = requests[n:]
	}
}

// linkTimeout bounds the work on one link. The contexts of those who wait do not:
// one caller's impatience must not undo the others' writes.
const linkTimeout = time.Minute

// add makes an addition the chain's next link.
func (s *Journal) add(log string, c *chain, a addition) error {
	ctx, cancel := context.WithTimeout(context.Background(), linkTimeout)
	defer cancel()
	mark, err := s.mark()
	if err != nil {
		return err
	}
	// What is known here may be behind. A write finds that out by itself; whatever
	// is decided without one needs a look first.
	if a.claim || c.tail.epoch != a.epoch || len(a.entries) == 0 || c.tail.link == 0 {
		if err := s.catchUp(ctx, log, c); err != nil {
			return err
		}
	}
	for attempts := 0; attempts < clashes; {
		if !a.claim && c.tail.epoch != a.epoch {
			return contract.FencedOff(log, c.tail.epoch, a.epoch)
		}
		if a.creates() && c.tail.count > 0 {
			return contract.Existing(log, c.tail.count)
		}
		if !a.claim && len(a.entries) == 0 {
			return nil
		}
		before := c.tail.link
		done, err := s.tryLink(ctx, log, c, a, mark)
		if done && a.claim {
			*a.granted = c.tail.epoch
		}
		if done || err != nil {
			return err
		}
		if c.tail.link == before { // nobody won
			attempts++
		}
	}
	return errClash
}

// tryLink creates the next link. If another link is there already it takes note
// of that one, and the caller tries again behind it.
func (s *Journal) tryLink(ctx context.Context, log string, c *chain, a addition, mark [8]byte) (done bool, err error) {
	next := c.tail.link + 1
	name := s.linkName(log, next)
	o := object{kind: kindEntries, number: c.tail.count, epoch: c.tail.epoch, writer: mark, payload: packEntries(a.entries)}
	if a.claim {
		o.epoch++
	}
	if len(a.entries) == 0 { // a claim by itself
		o.kind, o.payload = kindClaim, nil
	}
	body := encode(name, o)
	_, ok, err := s.store.Put(ctx, name, body, "")
	if err != nil {
		return false, err
	}
	if ok {
		return true, c.pass(name, next, o)
	}
	there, etag, err := s.store.Get(ctx, name)
	if err != nil || etag == "" {
		return false, err
	}
	other, err := decode(name, there)
	if err != nil {
		return false, err
	}
	// One's own link is there if an earlier attempt arrived and its answer did not.
	return bytes.Equal(there, body), c.pass(name, next, other)
}

// pass moves the tail behind a link.
func (c *chain) pass(name string, number int64, o object) error {
	t := tail{number, o.number, o.epoch}
	if o.kind == kindEntries {
		entries, err := unpackEntries(name, o.payload)
		if err != nil {
			return err
		}
		t.count += int64(len(entries))
	}
	c.tail = t
	return nil
}

// catchUp moves the tail to the chain's end.
func (s *Journal) catchUp(ctx context.Context, log string, c *chain) error {
	last, err := s.lastLink(ctx, log, c.tail.link)
	if err != nil || last == c.tail.link {
		return err
	}
	o, err := s.link(ctx, log, last)
	if err != nil {
		return err
	}
	return c.pass(s.linkName(log, last), last, o)
}

// lastLink is the number of the chain's last link; known is one that exists, or 0.
func (s *Journal) lastLink(ctx context.Context, log string, known int64) (int64, error) {
	for {
		names, _, err := s.store.List(ctx, s.chainName(log), s.linkName(log, known), 1000)
		if err != nil {
			return 0, err
		}
		if len(names) > 0 {
			last := names[len(names)-1]
			number, err := strconv.ParseInt(strings.TrimPrefix(last, s.chainName(log)), 16, 64)
			if err != nil || number != known+int64(len(names)) {
				return 0, contract.Damaged("reading log "+log, fmt.Sprintf("links between %d and object %s are missing", known, last))
			}
			known = number
		}
		if len(names) < 1000 {
			return known, nil
		}
	}
}

func (s *Journal) link(ctx context.Context, log string, number int64) (object, error) {
	name := s.linkName(log, number)
	body, etag, err := s.store.Get(ctx, name)
	if err != nil {
		return object{}, err
	}
	if etag == "" {
		return object{}, contract.Damaged("reading log "+log, "object "+name+" is missing")
	}
	return decode(name, body)
}

func (s *Journal) chainName(log string) string { return s.prefix + "logs/" + escapeSegment(log) + "/" }

// linkName pads the number, so that S3's order is the chain's.
func (s *Journal) linkName(log string, number int64) string {
	return fmt.Sprintf("%s%016x", s.chainName(log), number)
}
