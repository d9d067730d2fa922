package install

import (
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Resource is a resource of a template.
type Resource struct{ Name, Type string }

// Resources lists a template's resources in its order. It fails if the text is no
// template.
func Resources(text []byte) ([]Resource, error) {
	var document struct {
		Resources yaml.Node `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	var list []Resource
	for i := 0; i+1 < len(document.Resources.Content); i += 2 {
		var body struct {
			Type string `yaml:"Type"`
		}
		if err := document.Resources.Content[i+1].Decode(&body); err != nil {
			return nil, fmt.Errorf("reading the template: %w", err)
		}
		list = append(list, Resource{document.Resources.Content[i].Value, body.Type})
	}
	return list, nil
}

// Compare returns, in words, what differs between an installed template and the one
// that would be installed: comments and layout do not.
func Compare(installed, wanted []byte) ([]string, error) {
	var have, want map[string]map[string]any
	for _, side := range []struct {
		text []byte
		into *map[string]map[string]any
	}{{installed, &have}, {wanted, &want}} {
		var whole map[string]any
		if err := yaml.Unmarshal(side.text, &whole); err != nil {
			return nil, fmt.Errorf("reading the template: %w", err)
		}
		sections := map[string]map[string]any{}
		for name, section := range whole {
			if members, ok := section.(map[string]any); ok {
				sections[name] = members
			}
		}
		*side.into = sections
	}
	var lines []string
	for _, section := range []string{"Parameters", "Conditions", "Resources", "Outputs"} {
		for name, body := range want[section] {
			before, there := have[section][name]
			switch {
			case !there:
				lines = append(lines, fmt.Sprintf("%s %s is not installed", section, name))
			case !reflect.DeepEqual(before, body):
				lines = append(lines, fmt.Sprintf("%s %s is installed in another form", section, name))
			}
		}
		for name := range have[section] {
			if _, wanted := want[section][name]; !wanted {
				lines = append(lines, fmt.Sprintf("%s %s is installed, and would be removed", section, name))
			}
		}
	}
	slices.Sort(lines)
	return lines, nil
}
