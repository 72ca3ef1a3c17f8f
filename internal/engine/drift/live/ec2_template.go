package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newLaunchTemplates reads launch templates.
func newLaunchTemplates(clients *awsapi.Clients) Reader {
	return service{
		ec2Described[types.LaunchTemplate]{
			page: templatePage, table: templateTable, id: func(t types.LaunchTemplate) *string { return t.LaunchTemplateId },
			thing: func(t types.LaunchTemplate) Thing {
				return Thing{ID: aws.ToString(t.LaunchTemplateId), Name: aws.ToString(t.LaunchTemplateName)}
			},
		}.kind(clients, Spec{Type: "aws_launch_template", Doc: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplate.html"}),
	}
}

// "You can't modify a launch template after you create it", only add versions to it,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-template-versions.html: what a template says differs exactly when the
// number of its latest version does.
var templateTable = []field[types.LaunchTemplate]{
	{Attribute{Path: "latest_version", API: "LatestVersionNumber"}, func(t types.LaunchTemplate, _ Resource) any { return t.LatestVersionNumber }},
	{Attribute{Path: "default_version", API: "DefaultVersionNumber"}, func(t types.LaunchTemplate, _ Resource) any { return t.DefaultVersionNumber }},
	{tagsAttribute("Tags"), func(t types.LaunchTemplate, _ Resource) any { return ec2Tags(t.Tags) }},
}

// templatePage lists templates. MaxResults goes up to 200 here, and there is no filter of ids,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html.
func templatePage(ctx context.Context, client *awsapi.EC2, caller *Caller, ask ec2Ask) ([]types.LaunchTemplate, *string, error) {
	input := &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: ask.ids, NextToken: ask.token}
	if ask.size != nil {
		input.MaxResults = aws.Int32(200)
	}
	page, err := call(ctx, caller, client.DescribeLaunchTemplates, input)
	if err != nil {
		return nil, nil, err
	}
	return page.LaunchTemplates, page.NextToken, nil
}
