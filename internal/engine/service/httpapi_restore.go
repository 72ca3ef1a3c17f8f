package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// Restore puts the stage back, provided that nobody changed it since Diff: deployment and settings in one call, then it takes away
// what the captured stage did not have. A stage that is gone is made again, without its tags.
func (s *HTTPStage) Restore(ctx context.Context, changes []Change) error {
	for _, change := range changes {
		var apply httpStageApply
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

func (s *HTTPStage) restore(ctx context.Context, apply httpStageApply) error {
	live, err := s.read(ctx)
	if errors.Is(err, ErrMissing) && apply.Create {
		return s.create(ctx, apply.Want)
	}
	if err != nil {
		return err
	}
	if done, err := equalCanonical(live, apply.Want); done || err != nil {
		return err
	}
	// What a first try that ended half-way did is no other change.
	half := live.Deployment == apply.Want.Deployment && len(differing(live.Variables, apply.Want.Variables)) == 0 && live.AutoDeploy == apply.Want.AutoDeploy
	if same, err := equalCanonical(live, apply.Seen); err != nil || (!same && !half) {
		return fmt.Errorf("it is on %s: %w", live, errors.Join(err, ErrConcurrentChange))
	}
	if live.AutoDeploy && !apply.Want.AutoDeploy { // before the deployment: "Can't be updated if autoDeploy is enabled"
		if _, err := s.client.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: &s.api, StageName: &s.stage, AutoDeploy: aws.Bool(false)}); err != nil {
			return fmt.Errorf("turn automatic deployment off: %w", err)
		}
	}
	if _, err := s.client.UpdateStage(ctx, s.update(live, apply.Want)); err != nil {
		return err
	}
	return s.removeExtras(ctx, live, apply.Want)
}

// update is the one call that brings deployment and settings back. Variables that are set to "" are removed.
func (s *HTTPStage) update(live, want httpStage) *apigatewayv2.UpdateStageInput {
	in := &apigatewayv2.UpdateStageInput{ApiId: &s.api, StageName: &s.stage, Description: &want.Description, StageVariables: maps.Clone(want.Variables)}
	for name := range live.Variables {
		if _, kept := want.Variables[name]; !kept {
			in.StageVariables[name] = ""
		}
	}
	if !want.AutoDeploy {
		in.DeploymentId = &want.Deployment
	}
	if live.ClientCertificate != want.ClientCertificate {
		in.ClientCertificateId = &want.ClientCertificate
	}
	if same, _ := equalCanonical(live.Defaults, want.Defaults); !same {
		in.DefaultRouteSettings = &want.Defaults
	}
	if same, _ := equalCanonical(live.Routes, want.Routes); !same {
		in.RouteSettings = want.Routes
	}
	if want.AccessLog.DestinationArn != nil {
		in.AccessLogSettings = &want.AccessLog
	}
	return in
}

// removeExtras takes away what want does not have and an update cannot remove.
func (s *HTTPStage) removeExtras(ctx context.Context, live, want httpStage) error {
	for _, key := range slices.Sorted(maps.Keys(live.Routes)) {
		if _, kept := want.Routes[key]; kept {
			continue
		}
		_, err := s.client.DeleteRouteSettings(ctx, &apigatewayv2.DeleteRouteSettingsInput{ApiId: &s.api, StageName: &s.stage, RouteKey: &key})
		if err != nil && !awsapi.IsNotFound(err) {
			return fmt.Errorf("remove the settings of route %q: %w", key, err)
		}
	}
	if live.AccessLog.DestinationArn != nil && want.AccessLog.DestinationArn == nil {
		_, err := s.client.DeleteAccessLogSettings(ctx, &apigatewayv2.DeleteAccessLogSettingsInput{ApiId: &s.api, StageName: &s.stage})
		if err != nil && !awsapi.IsNotFound(err) {
			return fmt.Errorf("remove the access log: %w", err)
		}
	}
	return nil
}

func (s *HTTPStage) create(ctx context.Context, want httpStage) error {
	in := &apigatewayv2.CreateStageInput{
		ApiId: &s.api, StageName: &s.stage, DeploymentId: &want.Deployment, Description: &want.Description, StageVariables: want.Variables,
		DefaultRouteSettings: &want.Defaults, RouteSettings: want.Routes,
	}
	if want.ClientCertificate != "" {
		in.ClientCertificateId = &want.ClientCertificate
	}
	if want.AccessLog.DestinationArn != nil {
		in.AccessLogSettings = &want.AccessLog
	}
	_, err := s.client.CreateStage(ctx, in)
	if awsapi.HasCode(err, "ConflictException") { // made, and the answer was lost, or by somebody else
		live, readErr := s.read(ctx)
		if readErr != nil {
			return errors.Join(err, readErr)
		}
		if done, _ := equalCanonical(live, want); done {
			return nil
		}
		return fmt.Errorf("%w: %w", ErrConcurrentChange, err)
	}
	return err
}

// describeHTTPStage is for people. Variables go by their names: a value may be a secret.
func describeHTTPStage(live, want httpStage) string {
	var said []string
	if live.Deployment != want.Deployment {
		said = append(said, fmt.Sprintf("deployment %s -> %s", live.Deployment, want.Deployment))
	}
	if live.AutoDeploy && !want.AutoDeploy {
		said = append(said, "automatic deployment off, to hold deployment "+want.Deployment)
	}
	if names := differing(live.Variables, want.Variables); len(names) > 0 {
		said = append(said, "variables "+strings.Join(names, ", "))
	}
	all := map[string]types.RouteSettings{}
	maps.Copy(all, live.Routes)
	maps.Copy(all, want.Routes)
	var routes []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		_, was := live.Routes[key]
		_, is := want.Routes[key]
		if same, _ := equalCanonical(live.Routes[key], want.Routes[key]); was != is || !same {
			routes = append(routes, key)
		}
	}
	if len(routes) > 0 {
		said = append(said, "settings of "+strings.Join(routes, ", "))
	}
	for _, field := range []struct {
		name       string
		live, want any
	}{
		{"default route settings", live.Defaults, want.Defaults},
		{"access log", live.AccessLog, want.AccessLog},
		{"description", live.Description, want.Description},
		{"client certificate", live.ClientCertificate, want.ClientCertificate},
	} {
		if same, _ := equalCanonical(field.live, field.want); !same {
			said = append(said, field.name)
		}
	}
	return strings.Join(said, "; ")
}
