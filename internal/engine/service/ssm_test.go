package service_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/service"
)

func TestSSMParameter(t *testing.T) {
	client := ssm.NewFromConfig(acctest.Emulator(t).AWSConfig())
	parameter := func(name string) *service.SSMParameter { return service.NewSSMParameter(client, clock.System{}, name) }
	put := func(t *testing.T, in ssm.PutParameterInput) {
		t.Helper()
		_, err := client.PutParameter(t.Context(), &in)
		must(t, err)
	}
	const name, secret = "/shop/password", "hunter2-first"
	write := func(t *testing.T, value string) {
		t.Helper()
		put(t, ssm.PutParameterInput{
			Name: aws.String(name), Value: &value, Type: types.ParameterTypeSecureString, KeyId: aws.String("alias/shop"), Overwrite: aws.Bool(true), Description: aws.String("of the shop"),
		})
	}
	write(t, secret)
	s := parameter(name)
	conform(t, subject{
		service:    s,
		change:     func(t *testing.T) { write(t, "hunter2-second") },
		missing:    func() service.Service { return parameter("/no/such/parameter") },
		awsService: "ssm", operation: "PutParameter",
	})

	t.Run("the value is nowhere", func(t *testing.T) {
		item, err := s.Capture(t.Context())
		must(t, err)
		write(t, "hunter2-second")
		changes := expectDifferent(t, s, item)
		if text := fmt.Sprintf("%+v %s %s", item, item.State, changes[0].Apply) + changes[0].Detail; strings.Contains(text, "hunter2") {
			t.Errorf("the value is in %s", text)
		}
		restore(t, s, item)
	})
	t.Run("it stays secure, with its key", func(t *testing.T) {
		out, err := client.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Values: []string{name}}}})
		must(t, err)
		got := out.Parameters[0]
		if got.Type != types.ParameterTypeSecureString || aws.ToString(got.KeyId) != "alias/shop" || aws.ToString(got.Description) != "of the shop" {
			t.Errorf("after the restore: %+v", got)
		}
	})
	t.Run("somebody else in between", func(t *testing.T) {
		item, err := s.Capture(t.Context())
		must(t, err)
		write(t, "second")
		changes := expectDifferent(t, s, item)
		write(t, "third")
		if err := s.Restore(t.Context(), changes); !errors.Is(err, service.ErrConcurrentChange) {
			t.Errorf("restore over another change: %v", err)
		}
		restore(t, s, item)
		expectSame(t, s, item)
	})
	t.Run("only the description", func(t *testing.T) {
		item, err := s.Capture(t.Context())
		must(t, err)
		put(t, ssm.PutParameterInput{
			Name: aws.String(name), Value: aws.String(secret), Type: types.ParameterTypeSecureString, KeyId: aws.String("alias/shop"), Overwrite: aws.Bool(true), Description: aws.String("other"),
		})
		if changes := expectDifferent(t, s, item); !strings.Contains(changes[0].Detail, "(description)") {
			t.Errorf("detail %q", changes[0].Detail)
		}
		restore(t, s, item)
		expectSame(t, s, item)
	})
	t.Run("past its history", func(t *testing.T) {
		plain := parameter("plain")
		for i := range 102 {
			put(t, ssm.PutParameterInput{Name: aws.String("plain"), Value: aws.String(fmt.Sprint(i)), Type: types.ParameterTypeString, Overwrite: aws.Bool(true)})
			if i == 0 {
				item, err := plain.Capture(t.Context())
				must(t, err)
				defer func() {
					if _, err := plain.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
						t.Errorf("Diff: %v, want ErrUnrestorable", err)
					}
				}()
			}
		}
	})
	t.Run("deleted, then made anew", func(t *testing.T) {
		item, err := s.Capture(t.Context())
		must(t, err)
		_, err = client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String(name)})
		must(t, err)
		if _, err := s.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff of a deleted one: %v, want ErrUnrestorable", err)
		}
		for range 20 {
			write(t, "another")
		}
		if _, err := s.Diff(t.Context(), item); !errors.Is(err, service.ErrUnrestorable) {
			t.Errorf("Diff of a new one: %v, want ErrUnrestorable", err)
		}
	})
}
