package service_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

func TestECSService(t *testing.T) {
	client := ecs.NewFromConfig(acctest.Emulator(t).AWSConfig())
	cluster, name := aws.String("conform"), aws.String("web")
	register := func(t *testing.T, image string) string {
		t.Helper()
		out, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: name, ContainerDefinitions: []types.ContainerDefinition{{
				Name: aws.String("app"), Image: &image, Memory: aws.Int32(64), Environment: []types.KeyValuePair{{Name: aws.String("PASSWORD"), Value: aws.String("hunter2")}},
			}},
		})
		must(t, err)
		return *out.TaskDefinition.TaskDefinitionArn
	}
	_, err := client.CreateCluster(t.Context(), &ecs.CreateClusterInput{ClusterName: cluster})
	must(t, err)
	first, second, third := register(t, "app:1"), register(t, "app:2"), register(t, "app:3")
	_, err = client.CreateService(t.Context(), &ecs.CreateServiceInput{Cluster: cluster, ServiceName: name, TaskDefinition: &first, DesiredCount: aws.Int32(2)})
	must(t, err)
	deploy := func(t *testing.T, definition string, desired int32) {
		t.Helper()
		_, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: cluster, Service: name, TaskDefinition: &definition, DesiredCount: &desired})
		must(t, err)
	}
	s := service.NewECSService(client, clock.System{}, *cluster, *name)
	conform(t, subject{
		service:    s,
		change:     func(t *testing.T) { deploy(t, second, 1) },
		missing:    func() service.Service { return service.NewECSService(client, clock.System{}, *cluster, "none") },
		awsService: "ecs", operation: "UpdateService",
	})
	item, err := s.Capture(t.Context())
	must(t, err)

	t.Run("no secret is kept, more tasks are left", func(t *testing.T) {
		if strings.Contains(string(item.State), "hunter2") {
			t.Errorf("the environment is in %s", item.State)
		}
		deploy(t, second, 5)
		restore(t, s, item)
		expectSame(t, s, item)
		out, err := client.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: cluster, Services: []string{*name}})
		must(t, err)
		if out.Services[0].DesiredCount != 5 {
			t.Errorf("%d tasks, want 5", out.Services[0].DesiredCount)
		}
	})
	t.Run("somebody else in between", func(t *testing.T) {
		deploy(t, second, 2)
		changes := expectDifferent(t, s, item)
		deploy(t, third, 2)
		if err := s.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
	})
	t.Run("a deregistered definition is registered again", func(t *testing.T) {
		_, err := client.DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &first})
		must(t, err)
		if _, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: cluster, Service: name, TaskDefinition: &first}); err == nil {
			t.Error("a service took a definition that is inactive")
		}
		restore(t, s, item)
		expectSame(t, s, item)
	})
	t.Run("a rollout that fails", func(t *testing.T) {
		acctest.Emulator(t).SetRollout(*cluster, *name, emulator.Rollout{State: "FAILED", Missing: 1})
		var differs *service.DiffersError
		if err := s.Verify(t.Context(), item); !errors.As(err, &differs) {
			t.Errorf("Verify: %v", err)
		}
	})
	t.Run("a deleted definition", func(t *testing.T) {
		gone := item
		gone.State = []byte(strings.Replace(string(item.State), first, first+"99", 1))
		if _, err := s.Diff(t.Context(), gone); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff: %v, want ErrUnrestorable", err)
		}
	})
}
