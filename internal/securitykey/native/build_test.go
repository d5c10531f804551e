package native_test

import (
	"go/build"
	"testing"
)

// Servers, containers and Windows get nothing of C: no compiler and no
// libfido2 is needed to build for them.
func TestBuilds(t *testing.T) {
	for _, tt := range []struct {
		name, os string
		cgo      bool
		tags     []string
		c        bool
	}{
		{"without window", "linux", false, nil, false},
		{"without window, with cgo", "linux", true, nil, false},
		{"window tags without cgo", "linux", false, []string{"desktop", "production"}, false},
		{"Windows", "windows", false, []string{"desktop", "production"}, false},
		{"Windows with cgo", "windows", true, []string{"desktop", "production"}, false},
		{"Linux", "linux", true, []string{"desktop", "production", "webkit2_41"}, true},
		{"Linux, by wails dev", "linux", true, []string{"dev"}, true},
		{"macOS", "darwin", true, []string{"desktop", "production"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			context := build.Default
			context.GOOS, context.CgoEnabled, context.BuildTags = tt.os, tt.cgo, tt.tags
			p, err := context.ImportDir(".", 0)
			if err != nil {
				t.Fatal(err)
			}
			if has := len(p.CgoFiles)+len(p.CFiles)+len(p.CgoPkgConfig) > 0; has != tt.c {
				t.Errorf("C: %t, by %q, %q and %q", has, p.CgoFiles, p.CFiles, p.CgoPkgConfig)
			}
		})
	}
}
