package asl

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// answersPrefix begins the names of the logs that answers to waiting tasks go
// to, one for each execution.
const answersPrefix = "asl-answers/"

// An answerKind is what an entry of the answers says of its task.
type answerKind string

const (
	answerSuccess   answerKind = "success"
	answerFailure   answerKind = "failure"
	answerHeartbeat answerKind = "heartbeat"
	answerExpiry    answerKind = "expiry" // by the engine that runs the execution: the time is over
)

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
