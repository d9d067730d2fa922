package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"
)

// print writes a value as JSON or YAML if -o asks for it, and calls table otherwise.
func (a *app) print(value any, table func(w io.Writer) error) error {
	switch a.output {
	case "json":
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	case "yaml":
		return a.printYAML(value)
	}
	w := tabwriter.NewWriter(colouring(wrapping(a.stdout, wrapWidth(a.stdout)), a.colours(a.stdout)), 0, 4, 2, ' ', 0)
	if err := table(w); err != nil {
		return err
	}
	return w.Flush()
}

// printYAML goes through JSON, so that both formats have the same names.
func (a *app) printYAML(value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var node yaml.Node
	if err := yaml.Unmarshal(b, &node); err != nil {
		return err
	}
	plainStyle(&node)
	encoder := yaml.NewEncoder(a.stdout)
	encoder.SetIndent(2)
	defer encoder.Close()
	return encoder.Encode(&node)
}

// plainStyle drops JSON's brackets and quotes.
func plainStyle(node *yaml.Node) {
	node.Style = 0
	for _, child := range node.Content {
		plainStyle(child)
	}
}

func row(w io.Writer, cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, oneLine(fmt.Sprint(cell)))
	}
	fmt.Fprintln(w)
}
