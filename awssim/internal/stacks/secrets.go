package stacks

import (
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

// hidden lists the top-level properties of a resource that hold secrets: values
// of NoEcho parameters and references to secrets. AWS shows **** for them.
func hidden(d *deployment, r *template.Resource) map[string]bool {
	if !d.template.HasSecrets() {
		return nil
	}
	out := map[string]bool{}
	for _, p := range r.Properties.Keys {
		if d.template.Uses(r, p).Secret {
			out[p] = true
		}
	}
	return out
}

// withoutSecrets is a copy of properties with the secret ones hidden.
func withoutSecrets(properties map[string]any, secret map[string]bool) map[string]any {
	if len(secret) == 0 || properties == nil {
		return properties
	}
	out := make(map[string]any, len(properties))
	for p, v := range properties {
		if secret[p] {
			v = noEcho
		}
		out[p] = v
	}
	return out
}

// hideDifferences hides the values of differences in secret properties.
func hideDifferences(differences []core.PropertyDifference, secret map[string]bool) {
	for i := range differences {
		if d := &differences[i]; secret[firstPart(d.Path)] {
			d.Expected, d.Actual = noEcho, noEcho
		}
	}
}
