package journal_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/setmend/setmend/journal"
)

// A document is replaced only by who has read its newest version.
func ExampleMemory_Put() {
	ctx := context.Background()
	j := journal.NewMemory()
	version, err := j.Put(ctx, "lease", []byte("run-1"), 0)
	fmt.Println(version, err)

	_, err = j.Put(ctx, "lease", []byte("run-2"), 0) // as if it were not there
	var conflict interface{ Conflict() bool }
	fmt.Println(errors.As(err, &conflict) && conflict.Conflict())

	value, _, _ := j.Get(ctx, "lease")
	fmt.Println(string(value))
	// Output:
	// 1 <nil>
	// true
	// run-1
}

// A claim on a log fences off all earlier ones.
func ExampleMemory_Claim() {
	ctx := context.Background()
	j := journal.NewMemory()
	first, _ := j.Claim(ctx, "events/run-1")
	fmt.Println(j.Append(ctx, "events/run-1", first, []byte("began")))

	second, _ := j.Claim(ctx, "events/run-1") // another process takes over
	err := j.Append(ctx, "events/run-1", first, []byte("too late"))
	var fenced interface{ Fenced() bool }
	fmt.Println(errors.As(err, &fenced) && fenced.Fenced())
	fmt.Println(j.Append(ctx, "events/run-1", second, []byte("taken over")))

	for entry, err := range j.Read(ctx, "events/run-1", 0) {
		fmt.Println(string(entry), err)
	}
	// Output:
	// <nil>
	// true
	// <nil>
	// began <nil>
	// taken over <nil>
}
