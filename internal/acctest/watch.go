package acctest

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// agent is what the provider calls itself in its requests.
const agent = "terraform-provider-reliability"

// credentials of the run that are watched for: they are nowhere but in what signs a request.
func credentials(watch *canary.Watch) aws.Credentials {
	key := strings.ToUpper(strings.NewReplacer("-", "").Replace(canary.Token("")))
	return aws.Credentials{
		AccessKeyID:     watch.Know(canary.Credential, "access key of the run", "AKIA"+key[len(key)-20:]),
		SecretAccessKey: watch.PlantToken(canary.Credential, "secret key of the run"),
		SessionToken:    watch.PlantToken(canary.Credential, "session token of the run"),
	}
}

// signing are the headers that hold credentials by their nature.
var signing = []string{"Authorization", "X-Amz-Security-Token"}

// heard looks through a request: of the provider for each secret, of anybody else for nothing, as a test gives AWS its secrets.
func heard(watch *canary.Watch) func(emulator.Request) {
	return func(request emulator.Request) {
		if !strings.Contains(request.Agent, agent) {
			return
		}
		where := "the request " + request.Service + " " + request.Operation
		place := canary.Sent
		if request.Service == "s3" && canary.PlaceOf(request.Address) == canary.Store {
			place = canary.Store
		}
		watch.Look(place, where, request.Body)
		watch.Look(place, where+", its address", []byte(request.Address))
		for name, values := range request.Header {
			if !slices.Contains(signing, name) {
				watch.Look(place, where+", its header "+name, []byte(name+": "+strings.Join(values, "\n")))
			}
		}
	}
}

// answered learns the credentials of roles that somebody assumed.
func answered(watch *canary.Watch) func(emulator.Call, []byte) {
	return func(call emulator.Call, body []byte) {
		if call.Service != "sts" || !strings.HasPrefix(call.Operation, "AssumeRole") {
			return
		}
		var given struct {
			Secret string `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
			Token  string `xml:"AssumeRoleResult>Credentials>SessionToken"`
		}
		if xml.Unmarshal(body, &given) == nil {
			watch.Know(canary.Credential, "secret key of an assumed role", given.Secret)
			watch.Know(canary.Credential, "session token of an assumed role", given.Token)
		}
	}
}

// watching looks through what Terraform's runs leave behind while the tests of a package run.
type watching struct {
	watch  *canary.Watch
	folder string // of what terraform-plugin-testing and the provider within this process write
}

// begin lets every Terraform that is started log everything, and keep what it writes until end. What terraform-plugin-testing starts
// logs the provider; with RELIABILITY_PROOF=full, Terraform as well, which takes hundreds of megabytes.
func begin(watch *canary.Watch) (*watching, error) {
	folder, err := os.MkdirTemp("", "reliability-watched-")
	if err != nil {
		return nil, err
	}
	w := &watching{watch: watch, folder: folder}
	set := map[string]string{
		"TF_LOG": "TRACE", "TF_LOG_PATH": filepath.Join(folder, "provider.log"),
		"TF_ACC_TEMP_DIR": folder, "TF_ACC_PERSIST_WORKING_DIR": "1",
	}
	if os.Getenv("RELIABILITY_PROOF") == "full" {
		set["TF_ACC_LOG"], set["TF_LOG_PATH_MASK"] = "TRACE", filepath.Join(folder, "%s.log")
	}
	for name, value := range set {
		if os.Getenv(name) != "" && (strings.HasPrefix(name, "TF_LOG") || strings.HasPrefix(name, "TF_ACC_LOG")) {
			continue // somebody wants to see it
		}
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	workspace.Witness = w.ran
	return w, nil
}

// ran looks through a workspace after one run of Terraform in it.
func (w *watching) ran(dir string, args []string, output string) {
	place := canary.Elsewhere
	if len(args) > 0 && (args[0] == "show" || args[0] == "output" || args[0] == "state") {
		place = canary.State
	}
	w.watch.Look(place, "what terraform "+strings.Join(args, " ")+" printed", []byte(output))
	w.watch.LookBelow(dir, "mirror", ".terraform")
	_ = os.Remove(filepath.Join(dir, workspace.Trace)) // it is there where logging was on
}

// end looks through what is left, says what was found and returns whether there was nothing.
func (w *watching) end(to io.Writer) bool {
	workspace.Witness = nil
	w.watch.LookBelow(w.folder, ".terraform")
	_ = os.RemoveAll(w.folder)
	leaks := w.watch.Leaks()
	for _, leak := range leaks {
		_, _ = fmt.Fprintln(to, "acctest: a secret was left behind:", leak)
	}
	return len(leaks) == 0
}

// Watched looks through a folder when the test ends, before it is removed. ProviderBlock's store is watched already.
func Watched(t testing.TB, folder string) {
	t.Helper()
	t.Cleanup(func() { canary.House.LookBelow(folder, "mirror", ".terraform") })
}
