package heal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// operationID derives the id of a call from the run, the work it belongs to and
// its number there. The same call has the same id in every process that comes to
// make it, so AWS recognises a repetition. Form: [a-zA-Z0-9][-a-zA-Z0-9]*, ≤128.
func operationID(run, work string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", run, work, n))
	return operationPrefix(run) + hex.EncodeToString(sum[:8])
}

// operationPrefix starts the ids of all operations of a run.
func operationPrefix(run string) string { return "setmend-" + short(run) + "-" }

// ours tells whether the operation was started by this run.
func (r *run) ours(operation string) bool {
	return strings.HasPrefix(operation, operationPrefix(r.id()))
}

// short is the run's id with only letters, digits and hyphens, at most 60 long.
func short(run string) string {
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, run)
	return clean[:min(len(clean), 60)]
}
