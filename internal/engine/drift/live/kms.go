package live

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// newKMS reads keys. A key that waits for its deletion counts as deleted, as in hashicorp/aws: nothing can use it. The listing of
// keys holds such keys, and AWS's own, and says of none what it is: it is of no use here.
func newKMS(clients *awsapi.Clients) Reader {
	return service{
		single[liveKey, *awsapi.KMS]{client: clients.KMS, get: keyOf, table: keyTable}.
			kind(Spec{Type: "aws_kms_key", Doc: "https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html"}),
	}
}

// liveKey is a key with what has calls of its own; nil where a call failed.
type liveKey struct {
	types.KeyMetadata
	policy   *string
	rotation *kms.GetKeyRotationStatusOutput
	tags     map[string]string
}

// What a key is for cannot be changed.
var keyTable = []field[liveKey]{
	{Attribute{Path: "description", API: "KeyMetadata.Description"}, func(k liveKey, _ Resource) any { return k.Description }},
	{Attribute{Path: "is_enabled", API: "KeyMetadata.Enabled"}, func(k liveKey, _ Resource) any { return k.Enabled }},
	{Attribute{Path: "policy", API: "GetKeyPolicy.Policy", Kind: Policy}, func(k liveKey, _ Resource) any { return optional(k.policy) }},
	{Attribute{Path: "enable_key_rotation", API: "GetKeyRotationStatus.KeyRotationEnabled", Default: false}, func(k liveKey, _ Resource) any {
		if k.rotation == nil {
			return unread
		}
		return k.rotation.KeyRotationEnabled
	}},
	{Attribute{Path: "rotation_period_in_days", API: "GetKeyRotationStatus.RotationPeriodInDays", IfSet: true}, func(k liveKey, r Resource) any {
		if k.rotation == nil || !k.rotation.KeyRotationEnabled || r.Text("rotation_period_in_days") == "0" {
			return unread
		}
		return k.rotation.RotationPeriodInDays
	}},
	{tagsAttribute("ListResourceTags.Tags"), func(k liveKey, _ Resource) any {
		if k.tags == nil {
			return unread
		}
		return k.tags
	}},
}

func keyOf(ctx context.Context, client *awsapi.KMS, caller *Caller, resource Resource) (key liveKey, partial, err error) {
	id := aws.String(resource.ID)
	described, err := call(ctx, caller, client.DescribeKey, &kms.DescribeKeyInput{KeyId: id})
	switch {
	case err != nil:
		return key, nil, err
	case described.KeyMetadata == nil:
		return key, nil, errNoAnswer
	case described.KeyMetadata.KeyState == types.KeyStatePendingDeletion || described.KeyMetadata.KeyState == types.KeyStatePendingReplicaDeletion:
		return key, nil, awsapi.ErrNotFound
	}
	key.KeyMetadata = *described.KeyMetadata
	policy, err := call(ctx, caller, client.GetKeyPolicy, &kms.GetKeyPolicyInput{KeyId: id, PolicyName: aws.String("default")})
	if err == nil {
		key.policy = policy.Policy
	}
	var rotationErr error
	if key.KeySpec == types.KeySpecSymmetricDefault && key.Origin == types.OriginTypeAwsKms { // others do not rotate
		key.rotation, rotationErr = call(ctx, caller, client.GetKeyRotationStatus, &kms.GetKeyRotationStatusInput{KeyId: id})
	}
	input := &kms.ListResourceTagsInput{KeyId: id}
	tags, tagsErr := pages(ctx, caller, client.ListResourceTags, input, func(page *kms.ListResourceTagsOutput) ([]types.Tag, bool) {
		input.Marker = page.NextMarker
		return page.Tags, page.Truncated
	})
	if tagsErr == nil {
		key.tags = tagMap(tags, func(tag types.Tag) (name, value *string) { return tag.TagKey, tag.TagValue })
	}
	return key, errors.Join(err, rotationErr, tagsErr), nil
}
