package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan/policy"
)

// settingsSchema is the JSON Schema of the whole file: plan's, with the sections
// that others read.
func settingsSchema() (map[string]any, error) {
	var schema map[string]any
	if err := json.Unmarshal(policy.Schema(), &schema); err != nil {
		return nil, fmt.Errorf("reading the policy's schema: %w", err)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("reading the policy's schema: it has no properties")
	}
	section := schemaOf(reflect.TypeFor[notify.Config]())
	section["description"] = "Whom to tell, and when. Each channel has a name and exactly one service."
	properties["notify"] = section
	store := schemaOf(reflect.TypeFor[parameterStore]())
	store["description"] = "Where `setmend config` writes what it compiles in Parameter Store."
	fields := store["properties"].(map[string]any)
	fields["path"] = map[string]any{"type": "string", "pattern": "^/", "default": defaultPath}
	fields["tier"] = map[string]any{"enum": []any{tierStandard, tierAdvanced}, "default": tierStandard}
	properties["parameterStore"] = store
	return schema, nil
}

// schemaOf describes a type by its fields' names in YAML. Types with words of their
// own get them listed.
func schemaOf(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[notify.Reference]():
		return map[string]any{"type": "string", "pattern": "^(env|file|ssm):.+", "description": "env:NAME, file:PATH or ssm:PARAMETER"}
	case reflect.TypeFor[notify.When]():
		return map[string]any{"enum": []any{notify.OnAttention, notify.OnChange, notify.Always}, "default": notify.OnAttention}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		return objectSchema(t)
	}
	return map[string]any{"type": "string"}
}

func objectSchema(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		properties[name] = schemaOf(t.Field(i).Type)
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}
