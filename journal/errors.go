package journal

import "github.com/setmend/setmend/journal/internal/contract"

// Error is every error of a journal. Its methods let callers tell errors apart
// through interfaces of their own.
type Error = contract.Error

// Kind says what an error means for the caller.
type Kind = contract.Kind

// The kinds of errors.
const (
	Failed   = contract.Failed   // the storage failed; of a write the outcome is unknown
	Conflict = contract.Conflict // the document is not at the version named; nothing was written
	Fenced   = contract.Fenced   // the log belongs to another epoch; nothing was written
	Corrupt  = contract.Corrupt  // what is stored is not what was written
	Refused  = contract.Refused  // the call itself is wrong; nothing was written
	Exists   = contract.Exists   // the log has entries already; nothing was written
	Unusable = contract.Unusable // the journal cannot be opened, or has been closed
)
