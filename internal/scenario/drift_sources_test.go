package scenario

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift"
	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
	"github.com/project3-ls/terraform-provider-reliability/internal/workspace"
)

// bothSources is what is changed by hand. A line that ends in the address of a resource gives way to the HCL that an item of it says.
const bothSources = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  max_retries                 = 1
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "main", Kept = "1" } # aws_vpc.main
}

resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }

resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
  # aws_route_table.main
}

resource "aws_security_group" "web" {
  name   = "both-web"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "before" {
  name   = "both-moved"
  vpc_id = aws_vpc.main.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
  # aws_security_group.after
}

resource "aws_security_group" "split" {
  name   = "both-split"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  security_group_id = aws_security_group.split.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/8"
}

resource "aws_security_group" "classic" {
  name   = "both-classic"
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "https" {
  security_group_id = aws_security_group.classic.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_security_group" "gone" { # aws_security_group.gone
  name   = "both-gone"                 # aws_security_group.gone
  vpc_id = aws_vpc.main.id             # aws_security_group.gone
}                                      # aws_security_group.gone

resource "aws_security_group" "anew" {
  name   = "both-anew"
  vpc_id = aws_vpc.main.id
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "both-app"
  retention_in_days = 7 # aws_cloudwatch_log_group.app
}

resource "aws_iam_role" "app" {
  name               = "both-app"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] }) # aws_iam_role.app
}
`

// sources is a stack of hashicorp/aws, and both ways to look at it.
type sources struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // of the test
	w       *workspace.Workspace
	clients *awsapi.Clients
	aws     aws.Config
	ec2     *ec2.Client
}

func newSources(t *testing.T) *sources {
	t.Helper()
	e := acctest.Emulator(t)
	mirror := workspace.AWSMirror()
	if mirror == "" {
		t.Skip("hashicorp/aws is in no filesystem mirror of this machine; RELIABILITY_AWS_MIRROR can name one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	t.Cleanup(cancel)
	w, err := workspace.New(ctx, workspace.Options{Dir: t.TempDir(), Root: root, Env: e.Env(), Mirror: mirror, Terraform: os.Getenv("TF_ACC_TERRAFORM_PATH")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "main.tf"), []byte(bothSources), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(ctx); err != nil {
		t.Fatal(err)
	}
	if ended, err := w.Apply(ctx); err != nil || ended.Exit != 0 {
		t.Fatalf("apply: %v\n%s", err, ended.Output)
	}
	for _, entry := range w.Command(ctx).Env { // the engine's child inherits it, as it would a user's
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TF_") {
			t.Setenv(name, value)
		}
	}
	return &sources{t, ctx, w, awsapi.New(awsapi.Config{S3UsePathStyle: true}, "test"), e.AWSConfig(), ec2.NewFromConfig(e.AWSConfig())}
}

func (s *sources) options() drift.Options {
	s.t.Helper()
	readers := live.Readers(s.clients)
	text, err := os.ReadFile(filepath.Join(s.w.Dir, "terraform.tfstate"))
	if err != nil {
		s.t.Fatal(err)
	}
	state, err := drift.ReadState(bytes.NewReader(text), drift.Specs(readers))
	if err != nil {
		s.t.Fatal(err)
	}
	return drift.Options{
		State: state, Readers: readers, Parallelism: 4, Account: s.clients.AccountID, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Region: func(context.Context) (string, error) { return emulator.Region, nil },
	}
}

// live are the items that are found in AWS, with what is in no state of these types.
func (s *sources) live(unmanaged ...string) map[string]drift.Item {
	s.t.Helper()
	options := s.options()
	options.Unmanaged = unmanaged
	result, err := drift.Detect(s.ctx, options)
	if err != nil || len(result.Unverified) != 0 {
		s.t.Fatalf("%v, unverified %+v", err, result)
	}
	return byAddress(result.Items)
}

func byAddress(items []drift.Item) map[string]drift.Item {
	found := map[string]drift.Item{}
	for _, item := range items {
		found[string(item.Address)] = item
	}
	return found
}

func (s *sources) refresh() map[string]drift.Item {
	s.t.Helper()
	plan, err := drift.Child{Dir: s.w.Dir, Program: os.Getenv("TF_ACC_TERRAFORM_PATH")}.Refresh(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	options := s.options()
	result, err := drift.DetectPlan(s.ctx, plan, drift.Specs(options.Readers), options)
	if err != nil {
		s.t.Fatal(err)
	}
	if result.CoveragePercent() != 100 {
		s.t.Errorf("the refresh covers %v percent", result.CoveragePercent())
	}
	return byAddress(result.Items)
}

// told is an item without what cannot be shown.
func told(items map[string]drift.Item) []string {
	var lines []string
	show := func(text *string) string {
		if text == nil {
			return "-"
		}
		return *text
	}
	for _, item := range items {
		line := fmt.Sprintf("%s %s %s %s %s %s", item.Kind, item.Category, item.Address, item.ID, item.Region, item.Reason)
		for _, change := range item.Changes {
			line += fmt.Sprintf("\n  %s %s: %s -> %s (%s)", change.Category, change.Path, show(change.Expected), show(change.Actual), change.Reason)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}
