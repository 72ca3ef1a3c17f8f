package workspace

import (
	"os"
	"path/filepath"
)

// AWSMirror returns a filesystem mirror that holds hashicorp/aws for any platform, or "": the one that the environment
// variable RELIABILITY_AWS_MIRROR names, else the first of the places where Terraform looks by itself
// (https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories) and the folders below /opt.
func AWSMirror() string {
	if named := os.Getenv("RELIABILITY_AWS_MIRROR"); named != "" {
		return named
	}
	var places []string
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".terraform.d", "plugins"), filepath.Join(home, ".local", "share", "terraform", "plugins"))
	}
	places = append(places, "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt/*")
	for _, place := range places {
		found, err := filepath.Glob(filepath.Join(place, "registry.terraform.io", "hashicorp", "aws"))
		if err == nil && len(found) > 0 {
			return filepath.Dir(filepath.Dir(filepath.Dir(found[0])))
		}
	}
	return ""
}
