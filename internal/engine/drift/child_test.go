package drift

import (
	"os"
	"path/filepath"
	"testing"
)

// A directory is asked by the client that initialised it, unless somebody says otherwise.
func TestProgramOfADirectory(t *testing.T) {
	t.Parallel()
	lock := func(host string) string {
		dir := t.TempDir()
		if host != "" {
			if err := os.WriteFile(filepath.Join(dir, ".terraform.lock.hcl"), []byte("provider \""+host+"/hashicorp/aws\" {\n  version = \"5.100.0\"\n}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for _, test := range []struct{ host, program, want string }{
		{"", "", "terraform"},
		{"registry.terraform.io", "", "terraform"},
		{"registry.opentofu.org", "", "tofu"},
		{"registry.opentofu.org", "/usr/bin/tofu-1.12", "/usr/bin/tofu-1.12"},
		{"registry.terraform.io", "tofu", "tofu"},
	} {
		if got := (Child{Dir: lock(test.host), Program: test.program}).program(); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
