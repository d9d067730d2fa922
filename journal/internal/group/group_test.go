package group

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
		g := New(func(batch []*Request[int]) {
			sizes = append(sizes, len(batch))
			time.Sleep(time.Second) // the fsync
			for _, r := range batch {
				r.Done <- nil
			}
		})
		for i := range 10 {
			go g.Do(t.Context(), i)
		}
		begin := time.Now()
		synctest.Wait()
		if err := g.Do(t.Context(), 10); err != nil {
			t.Error(err)
		}
		if time.Since(begin) > 2*time.Second || len(sizes) > 2 {
			t.Errorf("took %v and commits of %v for eleven writers", time.Since(begin), sizes)
		}
	})
}

func TestEachWriterGetsItsOwnAnswer(t *testing.T) {
	odd := errors.New("odd")
	g := New(func(batch []*Request[int]) {
		for _, r := range batch {
			if r.Value%2 == 1 {
				r.Done <- odd
			} else {
				r.Done <- nil
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g.turn = make(chan struct{}, 1)
		for i := range 20 {
			go func() {
				if err := g.Do(t.Context(), i); (err == odd) != (i%2 == 1) {
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
		g := New(func(batch []*Request[string]) {
			time.Sleep(time.Minute)
			for _, r := range batch {
				written = append(written, r.Value)
				r.Done <- nil
			}
		})
		go g.Do(t.Context(), "first")
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Do(impatient, "second"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := g.Do(t.Context(), "third"); err != nil {
			t.Error(err)
		}
		if len(written) != 2 || written[1] != "third" {
			t.Errorf("written: %v", written)
		}
	})
}

func TestAWriteOnceBegunIsSeenThroughThoughTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(func(batch []*Request[string]) {
			time.Sleep(time.Minute)
			for _, r := range batch {
				r.Done <- nil
			}
		})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Do(impatient, "only"); err != nil {
			t.Errorf("got %v for a write that went through", err)
		}
	})
}
