package drift

import (
	"bufio"
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3API is the call of S3 that reading a state needs.
type S3API interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// S3State is where Terraform's S3 backend keeps a state.
type S3State struct {
	Bucket, Key string
	// Version of the object; "" is the current one.
	Version string
}

// Open reads the state's object; close it. One version is read from beginning to end, even while another is being written; the lock
// of the backend is neither taken nor looked at. version is the object's, "" in a bucket without versioning.
func (s S3State) Open(ctx context.Context, client S3API) (content io.ReadCloser, version string, err error) {
	input := &s3.GetObjectInput{Bucket: aws.String(s.Bucket), Key: aws.String(s.Key)}
	if s.Version != "" {
		input.VersionId = aws.String(s.Version)
	}
	object, err := client.GetObject(ctx, input)
	if err != nil {
		return nil, "", err
	}
	return buffered{bufio.NewReaderSize(object.Body, 1<<20), object.Body}, aws.ToString(object.VersionId), nil
}

type buffered struct {
	io.Reader
	io.Closer
}
