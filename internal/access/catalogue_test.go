package access_test

import (
	"slices"
	"testing"

	"gatehouse/internal/access"
)

// What a permission needs is there, comes to an end, and is not something that
// only the operator's account has.
func TestCatalogue_needs(t *testing.T) {
	of := map[access.Permission]access.Definition{}
	for _, d := range access.Catalogue() {
		of[d.Permission] = d
	}
	var follow func(p access.Permission, path []access.Permission)
	follow = func(p access.Permission, path []access.Permission) {
		if slices.Contains(path, p) {
			t.Fatalf("%s needs itself: %v", p, path)
		}
		for _, n := range of[p].Needs {
			if d, ok := of[n]; !ok || d.Installation && !of[p].Installation {
				t.Errorf("%s needs %s", p, n)
			}
			follow(n, append(slices.Clone(path), p))
		}
	}
	for _, d := range access.Catalogue() {
		follow(d.Permission, nil)
	}
	for p, want := range map[access.Permission]access.Permission{
		"UPDATE_DOMAIN": "VIEW_DOMAIN", "RENEW_CERTIFICATE": "VIEW_PROCESS", "DELETE_HOST": "VIEW_HOST", access.ManageUser: access.ViewUser,
	} {
		if !slices.Contains(of[p].Needs, want) {
			t.Errorf("%s does not need %s", p, want)
		}
	}
}

// The roles that accounts begin with are of use as they are.
func TestTemplates_holdWhatTheyNeed(t *testing.T) {
	for _, r := range access.Templates() {
		rights := r.Rights(false)
		for _, d := range access.Catalogue() {
			if missing := access.RightsOf(d.Needs...).Without(rights); rights.Has(d.Permission) && !missing.Empty() {
				t.Errorf("%s has %s without %v", r.Name, d.Permission, missing.Permissions())
			}
		}
	}
}
