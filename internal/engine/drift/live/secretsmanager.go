package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newSecretsManager reads secrets: what is said of them, never what they hold.
func newSecretsManager(clients *awsapi.Clients) Reader {
	return service{
		listing[types.SecretListEntry, *awsapi.SecretsManager]{
			client: clients.SecretsManager, table: secretTable, id: func(s types.SecretListEntry) string { return aws.ToString(s.ARN) }, pages: secrets, probe: probeSecret,
			thing: func(s types.SecretListEntry) Thing {
				thing := Thing{ID: aws.ToString(s.ARN), Name: aws.ToString(s.Name)}
				if owner := aws.ToString(s.OwningService); owner != "" {
					thing.Excluded = excludedService
				}
				return thing
			},
		}.kind(Spec{Type: "aws_secretsmanager_secret", Doc: "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_SecretListEntry.html"}),
	}
}

// The resource policy of a secret has a call of its own and is not read.
var secretTable = []field[types.SecretListEntry]{
	{Attribute{Path: "description", API: "Description"}, func(s types.SecretListEntry, _ Resource) any { return s.Description }},
	{Attribute{Path: "kms_key_id", API: "KmsKeyId"}, func(s types.SecretListEntry, _ Resource) any { return s.KmsKeyId }},
	{tagsAttribute("Tags"), func(s types.SecretListEntry, _ Resource) any {
		return tagMap(s.Tags, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}},
}

// secrets lists all; secrets that wait for their deletion are not in it.
func secrets(ctx context.Context, client *awsapi.SecretsManager, caller *Caller, _ []Resource) ([]types.SecretListEntry, error) {
	input := &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100)}
	return pages(ctx, caller, client.ListSecrets, input, func(page *secretsmanager.ListSecretsOutput) ([]types.SecretListEntry, bool) {
		input.NextToken = page.NextToken
		return page.SecretList, aws.ToString(page.NextToken) != ""
	})
}

func probeSecret(ctx context.Context, client *awsapi.SecretsManager, caller *Caller, resource Resource) (*types.SecretListEntry, error) {
	answer, err := call(ctx, caller, client.DescribeSecret, &secretsmanager.DescribeSecretInput{SecretId: aws.String(resource.ID)})
	switch {
	case err != nil:
		return nil, err
	case answer.DeletedDate != nil:
		return nil, awsapi.ErrNotFound
	}
	return &types.SecretListEntry{ARN: answer.ARN, Name: answer.Name, Description: answer.Description, KmsKeyId: answer.KmsKeyId, Tags: answer.Tags}, nil
}
