package contract

import "context"

// Ready is what every call checks first: that it is still wanted, and allowed.
func Ready(ctx context.Context, name string, values ...[]byte) error {
	if err := ctx.Err(); err != nil {
		return &Error{Kind: Refused, What: "using " + name + " in the journal", Err: err}
	}
	return CheckWrite(name, values...)
}

// ReadyToCreate is Ready for a Create, which without entries would leave a log
// that the next one takes for absent.
func ReadyToCreate(ctx context.Context, log string, entries [][]byte) error {
	if len(entries) == 0 {
		return &Error{Kind: Refused, What: "creating log " + log, Why: "it needs at least one entry"}
	}
	return Ready(ctx, log, entries...)
}

// Copied is bytes.Clone that keeps an empty value apart from an absent one.
func Copied(value []byte) []byte { return append([]byte{}, value...) }
