package probe

import (
	"context"
	"net/url"
	"slices"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// S3Website asks a bucket's website for its index and for pages.
type S3Website struct {
	Bucket string
	Region func(context.Context) (string, error) // of the bucket; asked only without URL
	Paths  []string                              // beside the index
	URL    *url.URL                              // stands in for the website endpoint; nil means that
}

// Name is "s3_website".
func (*S3Website) Name() string { return "s3_website" }

// Probe asks for all of them once. The endpoint tells an error document by its status, so a page that is only that fails.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
func (s *S3Website) Probe(ctx context.Context) Observation {
	base := s.URL
	if base == nil {
		region, err := s.Region(ctx)
		if err != nil {
			return awsTrouble(ctx, "find the website of "+s.Bucket, err, 0)
		}
		base = websiteEndpoint(s.Bucket, region)
	}
	paths := s.Paths
	if !slices.Contains(paths, "/") {
		paths = append([]string{"/"}, paths...)
	}
	return served(ctx, base, paths)
}

// dashedWebsites are the Regions whose website endpoints have a hyphen where later ones have a dot.
// https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
var dashedWebsites = []string{
	"us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-west-1", "sa-east-1", "us-gov-west-1",
}

func websiteEndpoint(bucket, region string) *url.URL {
	separator := "."
	if slices.Contains(dashedWebsites, region) {
		separator = "-"
	}
	return &url.URL{Scheme: "http", Host: bucket + ".s3-website" + separator + region + "." + awsapi.DNSSuffix(region), Path: "/"}
}
