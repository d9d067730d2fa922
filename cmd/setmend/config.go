package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan/policy"
)

// settings is the policy file: the policy itself and, under "notify", whom to tell.
type settings struct {
	policy *policy.Policy
	notify notify.Config
}

// policyPath is --config, or ./setmend.yaml if there is one, or "".
func (a *app) policyPath() (string, error) {
	if a.config != "" {
		return a.config, nil
	}
	if _, err := os.Stat("setmend.yaml"); os.IsNotExist(err) {
		return "", nil
	} else if err != nil {
		return "", &hintedError{fmt.Errorf("looking for a policy: %w", err), "name one with --config (SETMEND_CONFIG)", exitConfig}
	}
	return "setmend.yaml", nil
}

// readSettings reads the policy file; without one, the defaults hold.
func (a *app) readSettings() (*settings, error) {
	path, err := a.policyPath()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return &settings{policy: policy.Default()}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the policy: %w", err), "check --config (SETMEND_CONFIG)", exitConfig}
	}
	s, err := parseSettings(text)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the policy %s: %w", path, err), "`setmend policy schema` prints what may stand in it", exitConfig}
	}
	return s, nil
}

func parseSettings(text []byte) (*settings, error) {
	policyText, notifyText, err := splitNotify(text)
	if err != nil {
		return nil, err
	}
	s := &settings{}
	if s.policy, err = policy.Parse(policyText); err != nil {
		return nil, err
	}
	var section struct {
		Notify notify.Config `yaml:"notify"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(notifyText))
	decoder.KnownFields(true)
	if err := decoder.Decode(&section); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.notify = section.Notify
	return s, nil
}

// splitNotify divides the file between the two packages that read it strictly.
// Each gets blank lines in place of the other's part, so that the line numbers
// in errors stay true.
func splitNotify(text []byte) (policy, notify []byte, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, nil, err
	}
	lines := strings.Split(string(text), "\n")
	first, last := notifyLines(&document, len(lines))
	rest, section := make([]string, len(lines)), make([]string, len(lines))
	for i, line := range lines {
		if i+1 >= first && i+1 < last {
			section[i] = line
		} else {
			rest[i] = line
		}
	}
	return []byte(strings.Join(rest, "\n")), []byte(strings.Join(section, "\n")), nil
}

// notifyLines are the lines of the section, from first up to but not last.
func notifyLines(document *yaml.Node, lines int) (first, last int) {
	if document.Kind != yaml.DocumentNode || document.Content[0].Kind != yaml.MappingNode {
		return 0, 0
	}
	content := document.Content[0].Content
	for i := 0; i+1 < len(content); i += 2 {
		switch {
		case content[i].Value == "notify":
			first, last = content[i].Line, lines+1
		case first > 0:
			return first, content[i].Line
		}
	}
	return first, last
}
