package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// ssmPage is the largest page, and the most names that a filter takes,
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html.
const ssmPage = 50

// newSSM reads parameters, without their values: whoever changes a value makes a new version.
func newSSM(clients *awsapi.Clients) Reader {
	return service{
		listing[liveParameter, *awsapi.SSM]{
			client: clients.SSM, table: parameterTable, outcome: parameterOutcome, id: func(p liveParameter) string { return aws.ToString(p.Name) },
			pages: func(ctx context.Context, client *awsapi.SSM, caller *Caller, resources []Resource) ([]liveParameter, error) {
				if len(resources) > ssmPage {
					resources = nil
				}
				return parameters(ctx, client, caller, resources)
			},
			probe: func(ctx context.Context, client *awsapi.SSM, caller *Caller, resource Resource) (*liveParameter, error) {
				_, err := call(ctx, caller, client.GetParameter, &ssm.GetParameterInput{Name: aws.String(resource.ID)})
				return nil, err
			},
			thing: func(p liveParameter) Thing {
				return Thing{ID: aws.ToString(p.Name), Name: aws.ToString(p.Name), Aliases: []string{aws.ToString(p.ARN)}}
			},
		}.kind(Spec{Type: "aws_ssm_parameter", Doc: "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterMetadata.html"}),
	}
}

// liveParameter is a parameter with its tags, which have a call of their own; nil where that call failed.
type liveParameter struct {
	types.ParameterMetadata
	tags map[string]string
}

// "Each time you edit a parameter, a new version is created", https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html:
// the number says that the value may be another, and no secret is read.
var parameterTable = []field[liveParameter]{
	{Attribute{Path: "version", API: "Version"}, func(p liveParameter, _ Resource) any { return p.Version }},
	{Attribute{Path: "type", API: "Type"}, func(p liveParameter, _ Resource) any { return string(p.Type) }},
	{Attribute{Path: "key_id", API: "KeyId", IfSet: true}, func(p liveParameter, _ Resource) any { return p.KeyId }},
	{Attribute{Path: "description", API: "Description"}, func(p liveParameter, _ Resource) any { return p.Description }},
	{Attribute{Path: "tier", API: "Tier", Default: "Standard"}, func(p liveParameter, r Resource) any {
		if r.Text("tier") == string(types.ParameterTierIntelligentTiering) { // AWS chooses
			return r.Text("tier")
		}
		return string(p.Tier)
	}},
	{Attribute{Path: "allowed_pattern", API: "AllowedPattern"}, func(p liveParameter, _ Resource) any { return p.AllowedPattern }},
	{Attribute{Path: "data_type", API: "DataType", Default: "text"}, func(p liveParameter, _ Resource) any { return p.DataType }},
	{tagsAttribute("ListTagsForResource.TagList"), func(p liveParameter, _ Resource) any {
		if p.tags == nil {
			return unread
		}
		return p.tags
	}},
}

// parameters lists those of resources, or all.
func parameters(ctx context.Context, client *awsapi.SSM, caller *Caller, resources []Resource) ([]liveParameter, error) {
	input := &ssm.DescribeParametersInput{MaxResults: aws.Int32(ssmPage)}
	if len(resources) > 0 {
		filter := types.ParameterStringFilter{Key: aws.String("Name"), Option: aws.String("Equals")}
		for _, resource := range resources {
			filter.Values = append(filter.Values, resource.ID)
		}
		input.ParameterFilters = []types.ParameterStringFilter{filter}
	}
	return pages(ctx, caller, client.DescribeParameters, input, func(page *ssm.DescribeParametersOutput) ([]liveParameter, bool) {
		input.NextToken = page.NextToken
		items := make([]liveParameter, 0, len(page.Parameters))
		for _, parameter := range page.Parameters {
			items = append(items, liveParameter{ParameterMetadata: parameter})
		}
		return items, aws.ToString(page.NextToken) != ""
	})
}

func parameterOutcome(ctx context.Context, client *awsapi.SSM, caller *Caller, parameter liveParameter, resource Resource) Outcome {
	tags, err := call(ctx, caller, client.ListTagsForResource, &ssm.ListTagsForResourceInput{
		ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: parameter.Name,
	})
	if err == nil {
		parameter.tags = tagMap(tags.TagList, func(tag types.Tag) (key, value *string) { return tag.Key, tag.Value })
	}
	outcome := found(parameterTable, parameter, resource)
	if err != nil {
		outcome.Reason, outcome.Err = tagsUnread, err
	}
	return outcome
}

const tagsUnread = "its tags could not be read"
