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

// settings is the policy file: the policy itself and the sections for other
// packages.
type settings struct {
	policy         *policy.Policy
	notify         notify.Config
	parameterStore parameterStore
}

// parameterStore says where compiled documents go.
type parameterStore struct {
	Path string `yaml:"path,omitempty"` // "" is /setmend
	Tier string `yaml:"tier,omitempty"` // standard or advanced; "" is standard
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
	policyText, sections, err := splitSections(text, "notify", "parameterStore")
	if err != nil {
		return nil, err
	}
	s := &settings{}
	if s.policy, err = policy.Parse(policyText); err != nil {
		return nil, err
	}
	var read struct {
		Notify         notify.Config  `yaml:"notify"`
		ParameterStore parameterStore `yaml:"parameterStore"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(sections))
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.notify, s.parameterStore = read.Notify, read.ParameterStore
	if _, err := s.parameterStore.limit(); err != nil {
		return nil, err
	}
	return s, nil
}

// splitSections divides the file between the policy and the named sections, which
// other packages read as strictly. Each part gets blank lines in place of the
// other, so that the line numbers in errors stay true.
func splitSections(text []byte, names ...string) (policy, sections []byte, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, nil, err
	}
	rest := strings.Split(string(text), "\n")
	taken := make([]string, len(rest))
	for _, name := range names {
		first, last := linesOf(&document, name, len(rest))
		for line := max(first, 1); line < last; line++ {
			taken[line-1], rest[line-1] = rest[line-1], ""
		}
	}
	return []byte(strings.Join(rest, "\n")), []byte(strings.Join(taken, "\n")), nil
}

// linesOf are the lines of a section, from first (counted from 1) up to but not
// last; none if it is not there.
func linesOf(document *yaml.Node, name string, lines int) (first, last int) {
	if document.Kind != yaml.DocumentNode || document.Content[0].Kind != yaml.MappingNode {
		return 0, 0
	}
	content := document.Content[0].Content
	for i := 0; i+1 < len(content); i += 2 {
		switch {
		case content[i].Value == name:
			first, last = content[i].Line, lines+1
		case first > 0:
			return first, content[i].Line
		}
	}
	return first, last
}
