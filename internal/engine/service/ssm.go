package service

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// SSMAPI is what the ssm_parameter service asks of the Systems Manager client.
type SSMAPI interface {
	DescribeParameters(ctx context.Context, in *ssm.DescribeParametersInput, opts ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error)
	GetParameter(ctx context.Context, in *ssm.GetParameterInput, opts ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
	PutParameter(ctx context.Context, in *ssm.PutParameterInput, opts ...func(*ssm.Options)) (*ssm.PutParameterOutput, error)
}

// SSMParameter is the ssm_parameter service: the value of a parameter of Parameter Store, and what belongs to it. The
// value itself is never kept: a capture holds the number of the version and a slow, salted hash, and a restore reads
// that version out of the parameter's own history and makes it the newest. The history ends at 100 versions, and with
// the parameter: what is not there any more, or is another value than at the capture, is ErrUnrestorable. Labels stay
// with the versions that they are on.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
type SSMParameter struct {
	client SSMAPI
	clock  clock.Clock
	name   string
}

// NewSSMParameter returns the service of the parameter of a name (no ARN: one of another account cannot be written).
func NewSSMParameter(client SSMAPI, clk clock.Clock, name string) *SSMParameter {
	return &SSMParameter{client: client, clock: clk, name: name}
}

// parameterState is what is captured.
type parameterState struct {
	Version     int64  `json:"version"`
	Hash        string `json:"hash"` // of the value: hashValue
	Type        string `json:"type"`
	KeyID       string `json:"key_id,omitempty"` // of a SecureString
	DataType    string `json:"data_type,omitempty"`
	Tier        string `json:"tier,omitempty"`
	Description string `json:"description,omitempty"`
	Pattern     string `json:"allowed_pattern,omitempty"`
}

type parameterApply struct {
	State parameterState `json:"state"`
	Seen  int64          `json:"seen"` // version that was live at Diff
	Tier  string         `json:"tier,omitempty"`
}

// liveParameter is a parameter with its value, which stays in memory.
type liveParameter struct {
	parameterState
	value string
}

const (
	// hashRounds make guessing a short secret from a stolen capture slow: https://pages.nist.gov/800-132/.
	hashRounds = 210_000
	// DescribeParameters may lag behind a change for a moment.
	describeTries = 6
	describePause = 500 * time.Millisecond
)

// Name is ssm_parameter.
func (p *SSMParameter) Name() string { return "ssm_parameter" }

// Target is the name of the parameter.
func (p *SSMParameter) Target() string { return p.name }

// hashValue is PBKDF2 of a value, salted with the parameter's name and the captured version.
func (p *SSMParameter) hashValue(value string, version int64) (string, error) {
	key, err := pbkdf2.Key(sha256.New, value, fmt.Appendf(nil, "ssm_parameter %s %d", p.name, version), hashRounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("hash the value of parameter %s: %w", p.name, err)
	}
	return hex.EncodeToString(key), nil
}

// Capture reads the parameter. For a SecureString the caller needs kms:Decrypt on its key.
func (p *SSMParameter) Capture(ctx context.Context) (Item, error) {
	live, err := p.read(ctx)
	if err != nil {
		return Item{}, err
	}
	if live.Hash, err = p.hashValue(live.value, live.Version); err != nil {
		return Item{}, err
	}
	raw, err := canonical(live.parameterState)
	return Item{Service: p.Name(), Target: p.name, Summary: fmt.Sprintf("parameter %s (%s) on version %d", p.name, live.Type, live.Version), Objects: 1, State: raw}, err
}

// read returns the live parameter; its Hash is left empty.
func (p *SSMParameter) read(ctx context.Context) (liveParameter, error) {
	for try := 1; ; try++ {
		value, err := p.value(ctx, p.name)
		if err != nil {
			return liveParameter{}, err
		}
		described, err := p.describe(ctx)
		if err != nil {
			return liveParameter{}, err
		}
		if described != nil && described.Version == value.Version {
			return liveParameter{value: aws.ToString(value.Value), parameterState: parameterState{
				Version: value.Version, Type: string(value.Type), KeyID: aws.ToString(described.KeyId), DataType: aws.ToString(value.DataType),
				Tier: string(described.Tier), Description: aws.ToString(described.Description), Pattern: aws.ToString(described.AllowedPattern),
			}}, nil
		}
		if try == describeTries {
			return liveParameter{}, fmt.Errorf("parameter %s kept changing while it was read: %w", p.name, ErrConcurrentChange)
		}
		if err := p.clock.Sleep(ctx, describePause); err != nil {
			return liveParameter{}, err
		}
	}
}

// value reads the parameter, or the version that a selector names.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
func (p *SSMParameter) value(ctx context.Context, selector string) (*types.Parameter, error) {
	out, err := p.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &selector, WithDecryption: aws.Bool(true)})
	if awsapi.IsNotFound(err) || awsapi.HasCode(err, "ParameterVersionNotFound") {
		return nil, fmt.Errorf("parameter %s: %w: %w", selector, ErrMissing, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read parameter %s: %w", selector, err)
	}
	return out.Parameter, nil
}

// describe returns what GetParameter does not tell; nil when the parameter is not listed (yet).
func (p *SSMParameter) describe(ctx context.Context) (*types.ParameterMetadata, error) {
	in := &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{p.name}}}}
	for {
		out, err := p.client.DescribeParameters(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("describe parameter %s: %w", p.name, err)
		}
		for _, described := range out.Parameters {
			if aws.ToString(described.Name) == p.name {
				return &described, nil
			}
		}
		if aws.ToString(out.NextToken) == "" { // a page may be empty although there are more
			return nil, nil
		}
		in.NextToken = out.NextToken
	}
}

// Diff compares the live value with the captured one.
func (p *SSMParameter) Diff(ctx context.Context, item Item) ([]Change, error) {
	var want parameterState
	if err := json.Unmarshal(item.State, &want); err != nil || want.Version == 0 || want.Hash == "" {
		return nil, fmt.Errorf("the captured state of parameter %s cannot be read: %w", p.name, errors.Join(err, ErrUnrestorable))
	}
	live, err := p.read(ctx)
	if errors.Is(err, ErrMissing) {
		return nil, fmt.Errorf("parameter %s was deleted, and its history with it: %w: %w", p.name, ErrUnrestorable, err)
	}
	if err != nil {
		return nil, err
	}
	differs, err := p.differences(live, want)
	if err != nil || len(differs) == 0 {
		return nil, err
	}
	if live.Type != want.Type {
		return nil, fmt.Errorf("parameter %s was made anew as %s, a type that cannot be changed back to %s: %w", p.name, live.Type, want.Type, ErrUnrestorable)
	}
	if _, err := p.old(ctx, want); err != nil {
		return nil, err
	}
	raw, err := canonical(parameterApply{State: want, Seen: live.Version, Tier: live.Tier})
	return []Change{{
		Service: p.Name(), Action: Update, Reversible: true, Estimate: time.Second, Apply: raw,
		Detail: fmt.Sprintf("parameter %s: version %d -> as in version %d (%s)", p.name, live.Version, want.Version, strings.Join(differs, ", ")),
	}}, err
}

// differences names what of the live parameter is not as captured. The number of the version is not part of it: a value
// that was put back has a new one.
func (p *SSMParameter) differences(live liveParameter, want parameterState) ([]string, error) {
	hash, err := p.hashValue(live.value, want.Version)
	if err != nil {
		return nil, err
	}
	var differs []string
	for _, field := range []struct{ name, live, want string }{
		{"value", hash, want.Hash},
		{"type", live.Type, want.Type},
		{"key", live.KeyID, want.KeyID},
		{"data type", live.DataType, want.DataType},
		{"description", live.Description, want.Description},
		{"allowed pattern", live.Pattern, want.Pattern},
	} {
		if field.live != field.want {
			differs = append(differs, field.name)
		}
	}
	return differs, nil
}

// old reads the captured value out of the history.
func (p *SSMParameter) old(ctx context.Context, want parameterState) (string, error) {
	value, err := p.value(ctx, fmt.Sprintf("%s:%d", p.name, want.Version))
	if errors.Is(err, ErrMissing) {
		return "", fmt.Errorf("version %d of parameter %s is not in its history any more: %w: %w", want.Version, p.name, ErrUnrestorable, err)
	}
	if err != nil {
		return "", err
	}
	hash, err := p.hashValue(aws.ToString(value.Value), want.Version)
	if err != nil {
		return "", err
	}
	if hash != want.Hash {
		return "", fmt.Errorf("version %d of parameter %s is another value than at the capture, so the parameter was deleted and made anew: %w", want.Version, p.name, ErrUnrestorable)
	}
	return aws.ToString(value.Value), nil
}

// Restore makes the captured value the newest version, provided that nobody wrote one since Diff.
func (p *SSMParameter) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		var apply parameterApply
		if err := json.Unmarshal(change.Apply, &apply); err != nil {
			return fmt.Errorf("restore parameter %s: %w", p.name, err)
		}
		if err := p.restore(ctx, apply); err != nil {
			return fmt.Errorf("restore parameter %s: %w", p.name, err)
		}
	}
	return nil
}

func (p *SSMParameter) restore(ctx context.Context, apply parameterApply) error {
	live, err := p.read(ctx)
	if err != nil {
		return err
	}
	differs, err := p.differences(live, apply.State)
	switch {
	case err != nil:
		return err
	case len(differs) == 0: // done before
		return nil
	case live.Version != apply.Seen:
		return fmt.Errorf("version %d is live, not %d: %w", live.Version, apply.Seen, ErrConcurrentChange)
	}
	value, err := p.old(ctx, apply.State)
	if err != nil {
		return err
	}
	in := &ssm.PutParameterInput{
		Name: &p.name, Value: &value, Overwrite: aws.Bool(true), Type: types.ParameterType(apply.State.Type), Description: &apply.State.Description,
		Tier: types.ParameterTier(apply.Tier), // one that became Advanced cannot go back, so the live one
	}
	if apply.State.KeyID != "" { // left out, AWS would take its own key
		in.KeyId = &apply.State.KeyID
	}
	if apply.State.Pattern != "" {
		in.AllowedPattern = &apply.State.Pattern
	}
	if apply.State.DataType != "" {
		in.DataType = &apply.State.DataType
	}
	out, err := p.client.PutParameter(ctx, in)
	if err != nil || out.Version == apply.Seen+1 {
		return err
	}
	// Either a repeated call (its first answer was lost), or somebody else wrote in between and is now overwritten.
	between, err := p.value(ctx, fmt.Sprintf("%s:%d", p.name, apply.Seen+1))
	if err == nil && aws.ToString(between.Value) != value {
		err = fmt.Errorf("version %d was written at the same moment and is overwritten by version %d: %w", apply.Seen+1, out.Version, ErrConcurrentChange)
	}
	return err
}

// Verify reads the parameter back.
func (p *SSMParameter) Verify(ctx context.Context, item Item) error { return verify(ctx, p, item) }

// Check reads the parameter without its value's hash.
func (p *SSMParameter) Check(ctx context.Context) error {
	_, err := p.read(ctx)
	return err
}
