package asl

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// answersPrefix begins the names of the logs that answers to waiting tasks go
// to, one for each execution.
const answersPrefix = "asl-answers/"

// An answerKind is what an entry of the answers says of its task.
type answerKind string

// An answer is one entry of an execution's answers. Nobody claims that log, so
// that any process can add to it, and its order decides: the first entry that
// closes a token counts, whoever else has sent what at the same time.
type answer struct {
	Kind   answerKind `json:"t"`
	Token  string     `json:"tk"`
	Sender string     `json:"by"`          // unlike that of any other answer
	At     int64      `json:"a"`           // when it was sent, by the sender's clock, unix nanoseconds
	Output string     `json:"x,omitempty"` // of a success: JSON, kept as it was written
	Error  string     `json:"er,omitempty"`
	Cause  string     `json:"ca,omitempty"`
	Beat   bool       `json:"hb,omitempty"` // of an expiry: no heartbeat came in time
}

// closes tells whether the task is over by the answer.
func (a *answer) closes() bool { return a.Kind != answerHeartbeat }

// refusal is what becomes of answers after a.
func (a *answer) refusal(run string) error {
	if a.Kind == answerExpiry {
		return refuse(AnswerTimedOut, "the task of execution %s has timed out", run)
	}
	return refuse(AnswerTimedOut, "the task of execution %s has been answered already, with a %s", run, a.Kind)
}

// An AnswerError says why an answer to a waiting task does not count. Nothing
// comes of such an answer. For TaskDoesNotExist and TaskTimedOut, errors.Is
// tells that it is [ErrNoSuchTask].
type AnswerError struct {
	Name    string // such as TaskTimedOut
	Message string // for people
}

func (e *AnswerError) Error() string { return e.Name + ": " + e.Message }

// Is implements what errors.Is looks for.
func (e *AnswerError) Is(target error) bool {
	return target == ErrNoSuchTask && (e.Name == AnswerNoTask || e.Name == AnswerTimedOut)
}

// Names of an [AnswerError], as Step Functions gives them.
const (
	AnswerInvalidToken  = "InvalidToken"        // it is no token
	AnswerInvalidOutput = "InvalidOutput"       // the output is not JSON
	AnswerNoTask        = "TaskDoesNotExist"    // no execution in the store has given out the token
	AnswerTimedOut      = "TaskTimedOut"        // the task is over: answered, timed out, or given up
	AnswerTooLong       = "ValidationException" // something is longer than AWS takes it
)

// Most that a failure may say on AWS, in characters.
const (
	maxErrorName = 256
	maxCause     = 32_768
)

const (
	answerSuccess   answerKind = "success"
	answerFailure   answerKind = "failure"
	answerHeartbeat answerKind = "heartbeat"
	answerExpiry    answerKind = "expiry" // by the engine that runs the execution: the time is over
)

func parseAnswer(entry []byte) (*answer, error) {
	a := &answer{}
	if err := json.Unmarshal(entry, a); err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	return a, nil
}

// A task's token is a hash that tells attempts apart. Where somebody else is to
// answer it, the execution's name stands behind the hash: who has the token knows
// where the answer belongs.
const tokenDivider = "."

// maxToken is the length of a token on AWS, in bytes.
const maxToken = 2048

var tokenEncoding = base64.RawURLEncoding.Strict()

// addressed adds the name of its execution to the token of an attempt.
func addressed(token, run string) string {
	return token + tokenDivider + tokenEncoding.EncodeToString([]byte(run))
}

// addressee is the name of the execution that a token belongs to.
func addressee(token string) (run string, ok bool) {
	if len(token) > maxToken {
		return "", false
	}
	hash, rest, _ := strings.Cut(token, tokenDivider)
	sum, err := tokenEncoding.DecodeString(hash)
	if err != nil || len(sum) != sha256.Size {
		return "", false
	}
	name, err := tokenEncoding.DecodeString(rest)
	return string(name), err == nil && utf8.Valid(name) && checkName(string(name)) == nil
}

// addAnswer appends to the log of an execution's answers. Appending needs no claim.
func (e *Engine) addAnswer(ctx context.Context, run string, a *answer) error {
	a.At = e.clock.Now().UnixNano()
	a.Sender = strconv.FormatUint(e.seed, 36) + "-" + strconv.FormatInt(e.sent.Add(1), 36)
	entry, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := e.store.Append(ctx, answersPrefix+run, 0, entry); err != nil {
		return fmt.Errorf("writing the answers of execution %s: %w", run, err)
	}
	return nil
}

// answers reads the answers of an execution, without the first `after` ones.
func (e *Engine) answers(ctx context.Context, run string, after int64) iter.Seq2[*answer, error] {
	return func(yield func(*answer, error) bool) {
		for entry, err := range e.store.Read(ctx, answersPrefix+run, after) {
			var a *answer
			if err == nil {
				a, err = parseAnswer(entry)
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading the answers of execution %s: %w", run, err))
				return
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func refuse(name, format string, args ...any) error {
	return &AnswerError{name, fmt.Sprintf(format, args...)}
}
