package fleet

import "context"

type fenceKey struct{}

// WithFence returns a context under which a request that changes something is sent
// only if allowed returns nil right before it is sent: after every wait for a rate
// and after every pause before another attempt. A sender that was paused inside a
// call finds out so that its right to send has gone.
func WithFence(ctx context.Context, allowed func(context.Context) error) context.Context {
	return context.WithValue(ctx, fenceKey{}, allowed)
}

// MaySend returns nil if a request that changes something may be sent at this
// moment, else why it may not. It must be called right before sending.
func MaySend(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if allowed, ok := ctx.Value(fenceKey{}).(func(context.Context) error); ok {
		return allowed(ctx)
	}
	return nil
}
