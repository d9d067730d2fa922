package journal

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestWritersThatWaitShareOneCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		g := newGroup(func(batch []*request[int]) {
			sizes = append(sizes, len(batch))
			time.Sleep(time.Second) // the fsync
			for _, r := range batch {
				r.done <- nil
			}
		})
		for i := range 10 {
			go g.do(t.Context(), i)
		}
		begin := time.Now()
		synctest.Wait()
		if err := g.do(t.Context(), 10); err != nil {
			t.Error(err)
		}
		if time.Since(begin) > 2*time.Second || len(sizes) > 2 {
			t.Errorf("took %v and commits of %v for eleven writers", time.Since(begin), sizes)
		}
	})
}

func TestEachWriterGetsItsOwnAnswer(t *testing.T) {
	odd := errors.New("odd")
	g := newGroup(func(batch []*request[int]) {
		for _, r := range batch {
			if r.value%2 == 1 {
				r.done <- odd
			} else {
				r.done <- nil
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g.turn = make(chan struct{}, 1)
		for i := range 20 {
			go func() {
				if err := g.do(t.Context(), i); (err == odd) != (i%2 == 1) {
					t.Errorf("%d was answered %v", i, err)
				}
			}()
		}
		synctest.Wait()
	})
}

func TestAWriterWhoseContextEndsWhileItWaitsHasWrittenNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written []string
		g := newGroup(func(batch []*request[string]) {
			time.Sleep(time.Minute)
			for _, r := range batch {
				written = append(written, r.value)
				r.done <- nil
			}
		})
		go g.do(t.Context(), "first")
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.do(impatient, "second"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := g.do(t.Context(), "third"); err != nil {
			t.Error(err)
		}
		if len(written) != 2 || written[1] != "third" {
			t.Errorf("written: %v", written)
		}
	})
}

func TestAWriteOnceBegunIsSeenThroughThoughTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(func(batch []*request[string]) {
			time.Sleep(time.Minute)
			for _, r := range batch {
				r.done <- nil
			}
		})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.do(impatient, "only"); err != nil {
			t.Errorf("got %v for a write that went through", err)
		}
	})
}
