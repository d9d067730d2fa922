package intrinsic

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/setmend/setmend/asl/internal/value"
)

// integer is a number rounded as Java's Math.round does, halves towards
// positive infinity: 1.5 becomes 2, -1.5 becomes -1. The range is that of a
// 32-bit integer, as AWS's documentation has it.
func integer(v any) (int64, error) {
	n, ok := v.(value.Number)
	if !ok {
		return 0, refuse("The argument must be a number, not %s", an(v))
	}
	i, whole := n.Int64()
	if !whole {
		rounded := math.Floor(n.Float64() + 0.5)
		if !(math.Abs(rounded) <= 1<<31) { // also not a number
			rounded = math.Inf(1)
		} else {
			i = int64(rounded)
		}
		if math.IsInf(rounded, 0) {
			return 0, outOfRange(n)
		}
	}
	if i < math.MinInt32 || i > math.MaxInt32 {
		return 0, outOfRange(n)
	}
	return i, nil
}

func outOfRange(n value.Number) error {
	return refuse("The number %s is not within -2147483648 and 2147483647", n)
}

func mathAdd(args []any) (any, error) {
	a, err := integer(args[0])
	if err != nil {
		return nil, err
	}
	b, err := integer(args[1])
	if err != nil {
		return nil, err
	}
	return value.Int(a + b), nil
}

// mathRandom draws a number from the first argument on, below the second. With
// a seed it gives what java.util.Random gives for it.
func mathRandom(scope Scope, args []any) (any, error) {
	var n [3]int64
	for i, a := range args {
		var err error
		if n[i], err = integer(a); err != nil {
			return nil, err
		}
	}
	span := n[1] - n[0]
	if span <= 0 {
		return nil, refuse("The start must be less than the end")
	}
	if len(args) == 3 {
		return value.Int(n[0] + newJavaRandom(n[2]).below(span)), nil
	}
	return value.Int(n[0] + scope.Random().Int64N(span)), nil
}

// javaRandom is the linear congruential generator that the documentation of
// java.util.Random specifies.
type javaRandom struct{ state uint64 }

const (
	javaMultiplier = 0x5DEECE66D
	javaMask       = 1<<48 - 1
)

func newJavaRandom(seed int64) *javaRandom {
	return &javaRandom{(uint64(seed) ^ javaMultiplier) & javaMask}
}

func (r *javaRandom) next(n uint) int32 {
	r.state = (r.state*javaMultiplier + 0xB) & javaMask
	return int32(uint32(r.state >> (48 - n)))
}

// below is nextInt(bound).
func (r *javaRandom) below(bound int64) int64 {
	if bits.OnesCount64(uint64(bound)) == 1 {
		return bound * int64(r.next(31)) >> 31
	}
	for {
		drawn := int64(r.next(31))
		rest := drawn % bound
		if drawn-rest+bound-1 <= math.MaxInt32 || bound > math.MaxInt32 {
			return rest
		}
	}
}

// SeededFloat returns what java.util.Random gives first for a seed, from 0 up to
// but not including 1.
func SeededFloat(seed int64) float64 {
	r := newJavaRandom(seed)
	return float64(int64(r.next(26))<<27+int64(r.next(27))) / (1 << 53)
}

func uuid(scope Scope, _ []any) (any, error) { return NewUUID(scope.Random()), nil }

// NewUUID returns a random UUID, version 4.
func NewUUID(random *rand.Rand) string {
	high, low := random.Uint64(), random.Uint64()
	high = high&^0xF000 | 0x4000
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x",
		high>>32, high>>16&0xFFFF, high&0xFFFF, low>>48, low&0xFFFFFFFFFFFF)
}
