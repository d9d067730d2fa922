// Command generate writes the catalogue of resource types from two public
// packages: cfn-lint, which carries the CloudFormation registry's schemas, and
// @aws-cdk/aws-service-spec, which adds types that the registry does not have,
// attributes, what Ref returns, forms of ARNs, and the documentation's defaults.
//
//	generate -cfn-lint site-packages -service-spec aws-cdk-aws-service-spec-….tgz -out catalogue.bin
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
)

func main() {
	lint := flag.String("cfn-lint", "", "the wheel of cfn-lint, or the folder it is installed in")
	spec := flag.String("service-spec", "", "the package @aws-cdk/aws-service-spec")
	out := flag.String("out", "catalogue.bin", "where to write the catalogue")
	flag.Parse()
	if err := run(*lint, *spec, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(lint, spec, out string) error {
	schemas, err := readRegistry(lint)
	if err != nil {
		return fmt.Errorf("reading the registry's schemas in %s: %w", lint, err)
	}
	db, err := readServiceSpec(spec)
	if err != nil {
		return fmt.Errorf("reading the service specification in %s: %w", spec, err)
	}
	for name, r := range db.resources {
		if r.Transform != "" { // AWS::Serverless: expanded before a resource is made
			continue
		}
		if schemas[name] == nil {
			schemas[name] = db.schema(r)
		}
		db.enrich(schemas[name], r)
	}
	names := make([]string, 0, len(schemas))
	for name := range schemas {
		names = append(names, name)
	}
	slices.Sort(names)
	data, err := pack(names, schemas)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, data, 0o644); err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	fmt.Printf("%d types, %d bytes\n", len(names), len(data))
	return nil
}
