package emulator

import (
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
)

// bucketReads are the calls that read how a bucket is set up.
var bucketReads = []string{
	"GetBucketTagging", "GetBucketVersioning", "GetBucketEncryption", "GetPublicAccessBlock", "GetBucketPolicy", "GetBucketLifecycleConfiguration", "GetBucketWebsite",
}

// elsewhere answers a call for a bucket of another Region with the Region where it is: "If a request arrives at the wrong Region, S3
// responds with a redirect", https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html, and PermanentRedirect in
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. moto answers for every Region.
func elsewhere(ctx context.Context, x *exchange) (*answer, error) {
	bucket, _, _ := strings.Cut(x.Resource, "/")
	where, err := x.ask(ctx, "/"+bucket+"?location")
	if err != nil || where.status != http.StatusOK {
		return nil, err
	}
	var location struct {
		Region string `xml:",chardata"`
	}
	if err := xml.Unmarshal(where.body, &location); err != nil {
		return nil, err
	}
	region := location.Region
	if region == "" {
		region = "us-east-1" // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
	}
	if region == x.Region {
		return nil, nil
	}
	reply := x.fail(http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")
	reply.header.Set("X-Amz-Bucket-Region", region)
	return reply, nil
}

func readsBucket(operation string) bool { return slices.Contains(bucketReads, operation) }
