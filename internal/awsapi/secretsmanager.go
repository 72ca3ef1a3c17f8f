package awsapi

import (
	"context"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// SecretsManager is the part of the client of Secrets Manager that the engines call: a call is one line here.
type SecretsManager struct{ client unsafe.Pointer }

func (f *SecretsManager) sdk() *secretsmanager.Client { return (*secretsmanager.Client)(f.client) }

// SecretsManager returns the client for region.
func (c *Clients) SecretsManager(ctx context.Context, region string) (*SecretsManager, error) {
	return facade(ctx, c, c.secretsmanager, region, func(config aws.Config) *SecretsManager {
		return &SecretsManager{unsafe.Pointer(secretsmanager.NewFromConfig(config, func(o *secretsmanager.Options) { override(&o.BaseEndpoint, c.endpoint("secretsmanager")) }))}
	})
}

// ListSecrets calls Secrets Manager.
func (f *SecretsManager) ListSecrets(ctx context.Context, in *secretsmanager.ListSecretsInput, options ...func(*secretsmanager.Options)) (*secretsmanager.ListSecretsOutput, error) {
	return f.sdk().ListSecrets(ctx, in, options...)
}

// DescribeSecret calls Secrets Manager.
func (f *SecretsManager) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput, options ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	return f.sdk().DescribeSecret(ctx, in, options...)
}
