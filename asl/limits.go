package asl

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits bound what an execution may use. A field that is zero has AWS's value,
// a negative one is no limit.
type Limits struct {
	Payload             int           // bytes of a state's input, output or result; 262,144
	Events              int           // in the history of one execution; 25,000
	Variable            int           // bytes of one variable; 262,144
	Assign              int           // bytes of all variables of one Assign; 262,144
	Variables           int           // bytes of all variables of an execution; 10 MiB
	InlineConcurrency   int           // iterations of an inline Map at one time; 40
	DistributedChildren int           // child executions of a distributed Map at one time; 10,000
	ItemBytes           int           // that an item reader reads; 256 MiB (AWS: 10 GB, in slices)
	Duration            time.Duration // of one execution; a year
}

// maxSeconds is the longest time that a definition can give: 99,999,999 s, which
// is also the timeout of a Task that gives none.
const maxSeconds = 99_999_999

func (l Limits) withDefaults() Limits {
	set := func(n *int, standard int) {
		switch {
		case *n == 0:
			*n = standard
		case *n < 0:
			*n = int(^uint(0) >> 1)
		}
	}
	set(&l.Payload, 256<<10)
	set(&l.Events, 25_000)
	set(&l.Variable, 256<<10)
	set(&l.Assign, 256<<10)
	set(&l.Variables, 10<<20)
	set(&l.InlineConcurrency, 40)
	set(&l.DistributedChildren, 10_000)
	set(&l.ItemBytes, 256<<20)
	if l.Duration == 0 {
		l.Duration = 365 * 24 * time.Hour
	}
	return l
}

// seconds is n seconds, as far as a time.Duration reaches.
func seconds(n int64) time.Duration { return time.Duration(min(n, maxSeconds)) * time.Second }

// maxName is the length of an execution's name on AWS, in characters.
const maxName = 80

func checkName(name string) error {
	if n := len([]rune(name)); n == 0 || n > maxName {
		return fmt.Errorf("starting an execution: its name must have 1 to %d characters, not %d", maxName, n)
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("starting an execution: its name %q is not UTF-8", name)
	}
	if i := strings.IndexFunc(name, forbiddenInName); i >= 0 {
		return fmt.Errorf("starting an execution: its name %q has %q; blanks, brackets, control characters and any of ?*\"#%%\\^|~`$&,;:/ are not allowed in one", name, []rune(name[i:])[0])
	}
	return nil
}

// forbiddenInName reports whether AWS takes a name without this character only
// (StartExecution, "name", in the API reference).
func forbiddenInName(r rune) bool {
	return unicode.IsSpace(r) || r < ' ' || r >= 0x7F && r <= 0x9F || r == '\uFFFE' || r == '\uFFFF' ||
		strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r)
}
