package emulator_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
)

func TestCloudFrontKeyValueStores(t *testing.T) {
	client, keys := cloudfront.NewFromConfig(shared.AWSConfig()), shared.KeyValueStores()
	ctx := t.Context()
	name := aws.String("weights")
	created := must[*cloudfront.CreateKeyValueStoreOutput](t)(client.CreateKeyValueStore(ctx, &cloudfront.CreateKeyValueStoreInput{Name: name, Comment: aws.String("c")}))
	_, err := client.CreateKeyValueStore(ctx, &cloudfront.CreateKeyValueStoreInput{Name: name})
	wantCode(t, err, "EntityAlreadyExists")
	_, err = client.DescribeKeyValueStore(ctx, &cloudfront.DescribeKeyValueStoreInput{Name: aws.String("none")})
	wantCode(t, err, "EntityNotFound")
	described := must[*cloudfront.DescribeKeyValueStoreOutput](t)(client.DescribeKeyValueStore(ctx, &cloudfront.DescribeKeyValueStoreInput{Name: name}))
	arn := described.KeyValueStore.ARN
	if aws.ToString(described.ETag) != aws.ToString(created.ETag) || aws.ToString(described.KeyValueStore.Status) != "READY" {
		t.Errorf("%+v, created %+v", described, created)
	}

	state := must[*kvs.DescribeKeyValueStoreOutput](t)(keys.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: arn}))
	put := func(key, value string, match *string) (*kvs.PutKeyOutput, error) {
		return keys.PutKey(ctx, &kvs.PutKeyInput{KvsARN: arn, Key: &key, Value: &value, IfMatch: match})
	}
	first := must[*kvs.PutKeyOutput](t)(put("a/b c", "1", state.ETag))
	_, err = put("a/b c", "2", state.ETag)
	wantCode(t, err, "ConflictException")
	_, err = put("a/b c", "2", created.ETag) // CloudFront's own version is no version of the keys
	wantCode(t, err, "ConflictException")
	_, err = put("a/b c", strings.Repeat("x", 1025), first.ETag)
	wantCode(t, err, "ValidationException")
	second := must[*kvs.PutKeyOutput](t)(put("other", "3", first.ETag))
	if aws.ToInt32(second.ItemCount) != 2 || aws.ToString(second.ETag) == aws.ToString(first.ETag) {
		t.Errorf("%+v after %+v", second, first)
	}
	got := must[*kvs.GetKeyOutput](t)(keys.GetKey(ctx, &kvs.GetKeyInput{KvsARN: arn, Key: aws.String("a/b c")}))
	if aws.ToString(got.Value) != "1" {
		t.Errorf("the value is %q", aws.ToString(got.Value))
	}
	_, err = keys.GetKey(ctx, &kvs.GetKeyInput{KvsARN: arn, Key: aws.String("none")})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = keys.DescribeKeyValueStore(ctx, &kvs.DescribeKeyValueStoreInput{KvsARN: aws.String(*arn + "0")})
	wantCode(t, err, "ResourceNotFoundException")
	must[*kvs.DeleteKeyOutput](t)(keys.DeleteKey(ctx, &kvs.DeleteKeyInput{KvsARN: arn, Key: aws.String("other"), IfMatch: second.ETag}))

	function := must[*cloudfront.CreateFunctionOutput](t)(client.CreateFunction(ctx, &cloudfront.CreateFunctionInput{
		Name: aws.String("follows"), FunctionCode: []byte("function handler(event) { return event.request }"),
		FunctionConfig: &types.FunctionConfig{Comment: aws.String(""), Runtime: types.FunctionRuntimeCloudfrontJs20, KeyValueStoreAssociations: &types.KeyValueStoreAssociations{
			Quantity: aws.Int32(1), Items: []types.KeyValueStoreAssociation{{KeyValueStoreARN: arn}},
		}},
	}))
	_, err = client.DeleteKeyValueStore(ctx, &cloudfront.DeleteKeyValueStoreInput{Name: name, IfMatch: created.ETag})
	wantCode(t, err, "CannotDeleteEntityWhileInUse")
	must[*cloudfront.DeleteFunctionOutput](t)(client.DeleteFunction(ctx, &cloudfront.DeleteFunctionInput{Name: aws.String("follows"), IfMatch: function.ETag}))
	updated := must[*cloudfront.UpdateKeyValueStoreOutput](t)(client.UpdateKeyValueStore(ctx,
		&cloudfront.UpdateKeyValueStoreInput{Name: name, Comment: aws.String("d"), IfMatch: created.ETag}))
	_, err = client.DeleteKeyValueStore(ctx, &cloudfront.DeleteKeyValueStoreInput{Name: name, IfMatch: created.ETag})
	wantCode(t, err, "PreconditionFailed")
	must[*cloudfront.DeleteKeyValueStoreOutput](t)(client.DeleteKeyValueStore(ctx, &cloudfront.DeleteKeyValueStoreInput{Name: name, IfMatch: updated.ETag}))
}
