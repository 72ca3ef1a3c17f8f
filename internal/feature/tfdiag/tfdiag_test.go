package tfdiag

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

func denied() error {
	return fmt.Errorf("reading the alias: %w", &smithy.OperationError{
		ServiceID: "Lambda", OperationName: "GetAlias",
		Err: &awshttp.ResponseError{
			RequestID: "req-1",
			ResponseError: &smithyhttp.ResponseError{
				Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusForbidden}},
				Err:      &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform lambda:GetAlias"},
			},
		},
	})
}

func TestDetail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		message Message
		want    string
	}{
		"everything": {
			Message{Happened: "It broke.", Live: "blue 100 %.", Next: "fix it.", Facts: []Fact{{"Region", "eu-west-1"}, {"ID", ""}}},
			"It broke.\n\nLive now: blue 100 %.\n\nWhat to do: fix it.\n\nRegion: eu-west-1",
		},
		"an error of our own ends the sentence": {
			Message{Happened: "The store cannot be written.", Err: errors.New("disk full")},
			"The store cannot be written: disk full",
		},
		"an AWS error names the call, the code and the request, and says what to do": {
			Message{Happened: "The alias could not be read", Err: denied()},
			"The alias could not be read: Lambda GetAlias answered AccessDeniedException: not authorized to perform lambda:GetAlias\n\n" +
				"What to do: allow the caller lambda:GetAlias, then apply again. The guide on least privilege has the policy of each feature.\n\nRequest ID: req-1",
		},
		"what to do of the caller wins": {
			Message{Err: denied(), Next: "ask Eve."},
			"Lambda GetAlias answered AccessDeniedException: not authorized to perform lambda:GetAlias\n\nWhat to do: ask Eve.\n\nRequest ID: req-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.message.Detail()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhereADiagnosticGoes(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	m := Message{Summary: "S", Happened: "H"}
	Error(&diags, m)
	ErrorAt(&diags, path.Root("checks").AtMapKey("site"), m)
	Warning(&diags, m)
	WarningAt(&diags, path.Root("active"), m)
	if diags.ErrorsCount() != 2 || diags.WarningsCount() != 2 {
		t.Errorf("%v", diags)
	}
	at, ok := diags[1].(diag.DiagnosticWithPath)
	if !ok || at.Path().String() != `checks["site"]` {
		t.Errorf("%v", diags[1])
	}
}
