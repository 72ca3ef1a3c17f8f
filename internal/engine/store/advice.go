package store

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// buildMachines are the environment variables by which build services mark machines that are thrown away after the build.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
var buildMachines = []struct{ variable, service string }{
	{"CODEBUILD_BUILD_ID", "AWS CodeBuild"},
	{"GITHUB_ACTIONS", "GitHub Actions"},
	{"GITLAB_CI", "GitLab CI/CD"},
	{"CIRCLECI", "CircleCI"},
	{"TF_BUILD", "Azure Pipelines"},
	{"BITBUCKET_BUILD_NUMBER", "Bitbucket Pipelines"},
	{"TFC_RUN_ID", "HCP Terraform"},
}

// Advice warns of a machine that is thrown away with everything on it.
func (l *Local) Advice(context.Context) ([]string, error) {
	for _, known := range buildMachines {
		if os.Getenv(known.variable) != "" {
			return []string{fmt.Sprintf("the store is the folder %s, and this is a build machine of %s (%s is set): what is kept is lost with the machine", l.root, known.service, known.variable)}, nil
		}
	}
	return nil, nil
}

// Advice warns of a bucket in which an object that is overwritten or deleted is lost.
func (s *S3) Advice(ctx context.Context) ([]string, error) {
	out, err := s.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	switch {
	case awsapi.IsDenied(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the versioning of bucket %s: %w", s.bucket, err)
	case out.Status != types.BucketVersioningStatusEnabled:
		return []string{fmt.Sprintf("the store is in bucket %s, which keeps no versions: a manifest that somebody overwrites or deletes is lost", s.bucket)}, nil
	}
	return nil, nil
}

var _, _ Adviser = (*Local)(nil), (*S3)(nil)
