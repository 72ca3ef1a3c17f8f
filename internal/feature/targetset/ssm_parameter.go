package targetset

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// parameterName: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

var ssmParameter = named{
	name: "ssm_parameter",
	description: "A parameter of Systems Manager Parameter Store. Its value is never kept: the snapshot holds the number of the version and a slow, salted hash, and a rollback " +
		"makes the value of that version, out of the parameter's own history of 100 versions, the newest again. A `SecureString` stays one, with its key,; reading and writing it back needs its key (`kms:Decrypt`, `kms:Encrypt`). " +
		"Labels stay with their versions.",
	attributes: map[string]schema.StringAttribute{
		"name": {
			Required: true, MarkdownDescription: "Name of the parameter, with its path; no ARN, version or label.",
			Validators: []validator.String{stringvalidator.RegexMatches(parameterName, "must be a name of letters, digits, `_`, `.`, `-` and `/`")},
		},
	},
	service: func(ctx context.Context, data *configured.Data, region string, names map[string]string) (service.Service, error) {
		client, err := data.AWS.SSM(ctx, region)
		if err != nil {
			return nil, err
		}
		return service.NewSSMParameter(client, data.Clock, names["name"]), nil
	},
}.kind()
