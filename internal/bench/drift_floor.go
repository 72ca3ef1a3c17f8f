package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"golang.org/x/sync/errgroup"

	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

// rawReads is how long the fewest calls that read a world take by themselves, as many at a time as a look makes: no look can be
// faster on this emulator.
func rawReads(ctx context.Context, e *emulator.Emulator, world *world) (time.Duration, error) {
	config := e.AWSConfig()
	groups, roles, records, parameters := ec2.NewFromConfig(config), iam.NewFromConfig(config), route53.NewFromConfig(config), ssm.NewFromConfig(config)
	began := time.Now()
	var reading errgroup.Group
	reading.SetLimit(16)
	all := func(hasMore func() bool, next func(context.Context) error) {
		reading.Go(func() error {
			for hasMore() {
				if err := next(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	ofGroups := ec2.NewDescribeSecurityGroupsPaginator(groups, &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(1000)})
	all(ofGroups.HasMorePages, func(ctx context.Context) error { _, err := ofGroups.NextPage(ctx); return err })
	details := iam.NewGetAccountAuthorizationDetailsPaginator(roles, &iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole}, MaxItems: aws.Int32(1000)})
	all(details.HasMorePages, func(ctx context.Context) error { _, err := details.NextPage(ctx); return err })
	ofRoles := iam.NewListRolesPaginator(roles, &iam.ListRolesInput{MaxItems: aws.Int32(1000)})
	all(ofRoles.HasMorePages, func(ctx context.Context) error { _, err := ofRoles.NextPage(ctx); return err })
	ofRecords := route53.NewListResourceRecordSetsPaginator(records, &route53.ListResourceRecordSetsInput{HostedZoneId: &world.zone, MaxItems: aws.Int32(300)})
	all(ofRecords.HasMorePages, func(ctx context.Context) error { _, err := ofRecords.NextPage(ctx); return err })
	ofParameters := ssm.NewDescribeParametersPaginator(parameters, &ssm.DescribeParametersInput{MaxResults: aws.Int32(50)})
	all(ofParameters.HasMorePages, func(ctx context.Context) error { _, err := ofParameters.NextPage(ctx); return err })
	for _, name := range world.parameters {
		reading.Go(func() error {
			_, err := parameters.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceId: &name, ResourceType: ssmtypes.ResourceTypeForTaggingParameter})
			return err
		})
	}
	err := reading.Wait()
	return time.Since(began), err
}
