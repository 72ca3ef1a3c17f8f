package scenario

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"

	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// record writes what the emulator answers when the whole state is read, for the tests of engine/drift: where the environment variable
// RELIABILITY_RECORD_ANSWERS names their folder, internal/engine/drift/testdata. It takes a table that makes other calls to need this.
func (l *look) record(name string) {
	l.t.Helper()
	folder := os.Getenv("RELIABILITY_RECORD_ANSWERS")
	if folder == "" {
		return
	}
	answers := &emulator.Answers{State: json.RawMessage(l.state)}
	clients := awsapi.New(awsapi.Config{
		Config: awsbase.Config{HTTPClient: &http.Client{Transport: answers.Record(http.DefaultTransport)}}, S3UsePathStyle: true,
	}, "test")
	readers := live.Readers(clients)
	l.detect(readers, l.read(readers))
	if err := answers.Save(filepath.Join(folder, name+".answers.json")); err != nil {
		l.t.Fatal(err)
	}
}
