package scenario

import (
	"os"
	"os/exec"
	"testing"
)

// needsAWSCLI skips a test that runs commands of the AWS CLI where there is none; in CI, which installs it, it fails.
func needsAWSCLI(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no AWS CLI on PATH: scripts/install-aws-cli installs it")
		}
		t.Skip("there is no AWS CLI on PATH: scripts/install-aws-cli installs it")
	}
}
