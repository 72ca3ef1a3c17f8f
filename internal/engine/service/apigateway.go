package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// RESTStageAPI is what the rest_api_stage service asks of the client of API Gateway's REST APIs.
type RESTStageAPI interface {
	GetStage(ctx context.Context, in *apigateway.GetStageInput, opts ...func(*apigateway.Options)) (*apigateway.GetStageOutput, error)
	CreateStage(ctx context.Context, in *apigateway.CreateStageInput, opts ...func(*apigateway.Options)) (*apigateway.CreateStageOutput, error)
	UpdateStage(ctx context.Context, in *apigateway.UpdateStageInput, opts ...func(*apigateway.Options)) (*apigateway.UpdateStageOutput, error)
	GetDeployment(ctx context.Context, in *apigateway.GetDeploymentInput, opts ...func(*apigateway.Options)) (*apigateway.GetDeploymentOutput, error)
	GetExport(ctx context.Context, in *apigateway.GetExportInput, opts ...func(*apigateway.Options)) (*apigateway.GetExportOutput, error)
	RESTDeploymentsAPI
}

// RESTStage is the rest_api_stage service: which deployment of a REST API a stage serves, and the settings of the stage.
//
// Deployments never change, but they can be deleted, by a later apply too. So an OpenAPI export of what the stage serves is
// kept with the capture. It is not imported by a restore: an import replaces the resources and methods of the whole API, which
// are Terraform's and every stage's. A captured deployment that is gone is ErrUnrestorable, and the error says where the export is.
//
// Tags, the web ACL, usage plans and cached answers are not part of it. API Gateway has no condition on a call: somebody who
// writes between our reading and our writing, well under a second, is overwritten.
// https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html
type RESTStage struct {
	client     RESTStageAPI
	api, stage string
}

// NewRESTStage returns the service of a stage of a REST API.
func NewRESTStage(client RESTStageAPI, api, stage string) *RESTStage {
	return &RESTStage{client: client, api: api, stage: stage}
}

// restStageState is what is captured.
type restStageState struct {
	Settings restStage `json:"settings"`
	// Export is the SHA-256 of the one part, in hex; empty when there is none.
	Export string `json:"export,omitempty"`
	// Newest is when the newest deployment at the capture was made: what a clean-up goes by. It is nil where it is not known.
	Newest *time.Time `json:"newest,omitempty"`
}

// restStage is a stage in normal form: equal meanings are equal JSON.
type restStage struct {
	Deployment        string                         `json:"deployment"`
	Description       string                         `json:"description"`
	Documentation     string                         `json:"documentation"`
	ClientCertificate string                         `json:"client_certificate"`
	Tracing           bool                           `json:"tracing"`
	CacheSize         string                         `json:"cache_size"` // empty when there is no cache cluster
	Variables         map[string]string              `json:"variables"`
	Methods           map[string]types.MethodSetting `json:"methods"`
	AccessLog         types.AccessLogSettings        `json:"access_log"`
	Canary            *types.CanarySettings          `json:"canary"`
}

type restStageApply struct {
	Want   restStage `json:"want"`
	Seen   restStage `json:"seen"` // at Diff
	Create bool      `json:"create,omitempty"`
}

const (
	// maxExport is the largest definition that API Gateway takes back:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	maxExport = 6 << 20
	// a cache cluster takes "about 4 minutes": https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
	cacheEstimate = 4 * time.Minute
)

// Name is rest_api_stage.
func (s *RESTStage) Name() string { return "rest_api_stage" }

// Target is api/stage.
func (s *RESTStage) Target() string { return s.api + "/" + s.stage }

// Capture reads the stage and exports what it serves.
func (s *RESTStage) Capture(ctx context.Context) (Item, error) {
	live, err := s.read(ctx)
	if err != nil {
		return Item{}, err
	}
	item := Item{Service: s.Name(), Target: s.Target(), Summary: fmt.Sprintf("stage %s on %s", s.stage, live), Objects: 1}
	item.Warnings = sensitiveVariables(s.stage, live.Variables)
	state := restStageState{Settings: live}
	if state.Newest, err = s.newestDeployment(ctx); err != nil {
		return Item{}, err
	}
	export, warning, err := s.export(ctx)
	switch {
	case err != nil:
		return Item{}, err
	case warning != "":
		item.Warnings = append(item.Warnings, warning)
	default:
		sum := sha256.Sum256(export)
		state.Export, item.Parts, item.Bytes = hex.EncodeToString(sum[:]), InMemory{export}, int64(len(export))
	}
	item.State, err = canonical(state)
	return item, err
}

// export returns an OpenAPI document of what the stage serves, or a warning that there is none.
// https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html
func (s *RESTStage) export(ctx context.Context) (document []byte, warning string, err error) {
	const without = "No OpenAPI export of stage %s is in the snapshot, so what it serves is lost if its deployment is deleted: %s."
	out, err := s.client.GetExport(ctx, &apigateway.GetExportInput{
		RestApiId: &s.api, StageName: &s.stage, ExportType: aws.String("oas30"), Accepts: aws.String("application/json"), Parameters: map[string]string{"extensions": "apigateway"},
	})
	switch {
	case awsapi.IsDenied(err):
		return nil, fmt.Sprintf(without, s.Target(), "the caller may not export it (apigateway:GET on its exports)"), nil
	case awsapi.HasCode(err, "BadRequestException"):
		failure, _ := awsapi.Explain(err)
		return nil, fmt.Sprintf(without, s.Target(), "API Gateway cannot export it: "+failure.Message), nil
	case err != nil:
		return nil, "", fmt.Errorf("export stage %s: %w", s.Target(), err)
	case len(out.Body) > maxExport:
		return nil, fmt.Sprintf(without, s.Target(), fmt.Sprintf("it has %d bytes, more than API Gateway would import again", len(out.Body))), nil
	}
	return out.Body, "", nil
}

func (s *RESTStage) read(ctx context.Context) (restStage, error) {
	out, err := s.client.GetStage(ctx, &apigateway.GetStageInput{RestApiId: &s.api, StageName: &s.stage})
	if awsapi.IsNotFound(err) {
		return restStage{}, fmt.Errorf("stage %s: %w: %w", s.Target(), ErrMissing, err)
	}
	if err != nil {
		return restStage{}, fmt.Errorf("read stage %s: %w", s.Target(), err)
	}
	live := restStage{
		Deployment: aws.ToString(out.DeploymentId), Description: aws.ToString(out.Description), Documentation: aws.ToString(out.DocumentationVersion),
		ClientCertificate: aws.ToString(out.ClientCertificateId), Tracing: out.TracingEnabled, Variables: out.Variables, Methods: out.MethodSettings, Canary: out.CanarySettings,
	}
	if out.CacheClusterEnabled {
		live.CacheSize = string(out.CacheClusterSize)
	}
	if out.AccessLogSettings != nil {
		live.AccessLog = *out.AccessLogSettings
	}
	live.normalize()
	return live, nil
}

func (r *restStage) normalize() {
	if r.Variables == nil {
		r.Variables = map[string]string{}
	}
	if r.Methods == nil {
		r.Methods = map[string]types.MethodSetting{}
	}
	for name, setting := range r.Methods {
		if aws.ToString(setting.LoggingLevel) == "" {
			setting.LoggingLevel = aws.String("OFF")
			r.Methods[name] = setting
		}
	}
	if canary := r.Canary; canary != nil {
		if canary.StageVariableOverrides == nil {
			canary.StageVariableOverrides = map[string]string{}
		}
		if aws.ToString(canary.DeploymentId) == "" { // then it serves that of the stage
			canary.DeploymentId = &r.Deployment
		}
	}
}

// Diff compares the stage with the capture. A captured deployment that was deleted since is ErrUnrestorable; when it is only
// that of a canary, the rest can be put back.
func (s *RESTStage) Diff(ctx context.Context, item Item) ([]Change, error) {
	var state restStageState
	if err := json.Unmarshal(item.State, &state); err != nil || state.Settings.Deployment == "" {
		return nil, fmt.Errorf("the captured state of stage %s cannot be read: %w", s.Target(), errors.Join(err, ErrUnrestorable))
	}
	want := state.Settings
	want.normalize()
	live, err := s.read(ctx)
	missing := errors.Is(err, ErrMissing)
	if err != nil && !missing {
		return nil, err
	}
	partly, err := s.needDeployments(ctx, &want, live, state.Export)
	if err != nil {
		return nil, err
	}
	if same, err := equalCanonical(live, want); (same && !missing) || err != nil {
		return nil, errors.Join(err, partly)
	}
	change := Change{Service: s.Name(), Action: Update, Reversible: true, Estimate: time.Second}
	change.Detail = fmt.Sprintf("stage %s: %s", s.stage, describeRESTStage(live, want))
	if missing {
		change.Action, change.Detail = Create, fmt.Sprintf("stage %s: gone -> %s", s.stage, want)
	}
	if live.CacheSize != want.CacheSize {
		change.Estimate = cacheEstimate
	}
	change.Apply, err = canonical(restStageApply{Want: want, Seen: live, Create: missing})
	return []Change{change}, errors.Join(err, partly)
}

// needDeployments looks for the captured deployments. When that of a canary is gone it takes the canary out of want, and
// partly is ErrUnrestorable.
func (s *RESTStage) needDeployments(ctx context.Context, want *restStage, live restStage, export string) (partly, err error) {
	gone, err := s.deploymentGone(ctx, want.Deployment, live)
	if err != nil {
		return nil, err
	}
	if gone {
		kept := "No export of it was kept."
		if export != "" {
			kept = fmt.Sprintf("An OpenAPI export of it is kept with the snapshot, as the part %s.gz of its deployment's folder in the store: unpack it, import it by hand (aws apigateway put-rest-api "+
				"--mode overwrite, which replaces the resources of the API for every later deployment), deploy to the stage, then apply again", export)
		}
		return nil, fmt.Errorf("deployment %s of API %s does not exist any more, so stage %s cannot serve it again. %s: %w", want.Deployment, s.api, s.stage, kept, ErrUnrestorable)
	}
	if want.Canary == nil {
		return nil, nil
	}
	canary := aws.ToString(want.Canary.DeploymentId)
	if gone, err = s.deploymentGone(ctx, canary, live); !gone {
		return nil, err
	}
	want.Canary = nil
	return fmt.Errorf("deployment %s of API %s, which the canary of stage %s served, does not exist any more; the stage can be put back without the canary: %w", canary, s.api, s.stage, ErrUnrestorable), nil
}

// deploymentGone tells whether a deployment was deleted. One that the stage serves is there: API Gateway does not let it go.
func (s *RESTStage) deploymentGone(ctx context.Context, id string, live restStage) (bool, error) {
	if id == live.Deployment || (live.Canary != nil && id == aws.ToString(live.Canary.DeploymentId)) {
		return false, nil
	}
	_, err := s.client.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: &s.api, DeploymentId: &id})
	if awsapi.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read deployment %s of API %s: %w", id, s.api, err)
	}
	return false, nil
}

// Restore puts the stage back in one call, provided that nobody changed it since Diff. A stage that is gone is made again, without its tags,
// web ACL and usage plans.
func (s *RESTStage) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		if change.Action == Delete {
			var old deploymentApply
			if err := json.Unmarshal(change.Apply, &old); err != nil {
				return fmt.Errorf("clean up after stage %s: %w", s.Target(), err)
			}
			if err := s.deleteDeployment(ctx, old.Deployment); err != nil {
				return err
			}
			continue
		}
		var apply restStageApply
		err := json.Unmarshal(change.Apply, &apply)
		if err == nil {
			err = s.restore(ctx, apply)
		}
		if err != nil {
			return fmt.Errorf("restore stage %s: %w", s.Target(), err)
		}
	}
	return nil
}

func (s *RESTStage) restore(ctx context.Context, apply restStageApply) error {
	live, err := s.read(ctx)
	switch {
	case errors.Is(err, ErrMissing) && apply.Create:
		if live, err = s.create(ctx, apply.Want); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if done, err := equalCanonical(live, apply.Want); done || err != nil {
			return err
		}
		half := apply.Create && live.Deployment == apply.Want.Deployment // made by a first try that ended half-way
		if same, err := equalCanonical(live, apply.Seen); err != nil || (!same && !half) {
			return fmt.Errorf("it is on %s: %w", live, errors.Join(err, ErrConcurrentChange))
		}
	}
	operations := patchStage(live, apply.Want)
	if len(operations) == 0 {
		return nil
	}
	_, err = s.client.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &s.api, StageName: &s.stage, PatchOperations: operations})
	if awsapi.HasCode(err, "BadRequestException") { // done, its answer was lost, and what was removed cannot be removed again
		if live, readErr := s.read(ctx); readErr == nil {
			if done, _ := equalCanonical(live, apply.Want); done {
				return nil
			}
		}
	}
	return err
}

func (s *RESTStage) create(ctx context.Context, want restStage) (restStage, error) {
	in := &apigateway.CreateStageInput{
		RestApiId: &s.api, StageName: &s.stage, DeploymentId: &want.Deployment, Description: &want.Description, Variables: want.Variables,
		TracingEnabled: want.Tracing, CanarySettings: want.Canary,
	}
	if want.Documentation != "" {
		in.DocumentationVersion = &want.Documentation
	}
	if want.CacheSize != "" {
		in.CacheClusterEnabled, in.CacheClusterSize = true, types.CacheClusterSize(want.CacheSize)
	}
	if _, err := s.client.CreateStage(ctx, in); err != nil && !awsapi.HasCode(err, "ConflictException") { // a lost answer
		return restStage{}, err
	}
	return s.read(ctx)
}

// Verify reads the stage back.
func (s *RESTStage) Verify(ctx context.Context, item Item) error { return verify(ctx, s, item) }

// Check is a read: one call.
func (s *RESTStage) Check(ctx context.Context) error {
	_, err := s.read(ctx)
	return err
}
