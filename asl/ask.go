package asl

import "context"

// ask lets the run's goroutine do something, and returns when what came of it is
// durable.
func (r *run) ask(ctx context.Context, do func() error) error {
	answer := make(chan error, 1)
	posted := r.box.post(func() {
		if err := do(); err != nil {
			answer <- err
			return
		}
		r.answers = append(r.answers, answer)
	})
	if !posted {
		return ErrNoSuchTask
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer tells those who have asked what has become of it.
func (r *run) answer(err error) {
	for _, a := range r.answers {
		a <- err
	}
	r.answers = r.answers[:0]
}
