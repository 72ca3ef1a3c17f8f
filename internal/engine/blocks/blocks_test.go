package blocks_test

import (
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/blocks"
)

// The traps: braces and quotes in comments, strings, templates and heredocs; blocks on one line; a block whose text stands in a string.
const traps = `# resource "aws_vpc" "main" {
/* resource "aws_vpc" "main" { */ locals { a = { b = "}" } }
variable "x" { default = "${join("}", ["{", "\"", "$${"])} %{ if true }{%{ endif }" }
locals {
  text = <<-EOT
    resource "aws_vpc" "main" {
    EOT "
  EOT
  policy = jsonencode({ Statement = [{ Resource = "*" }] }) // }
}
resource "aws_vpc" "main" {
  # cidr_block = "no"
  cidr_block = <<A
10.0.0.0/16
A
  tags = {
    enable_dns_support = "a trap"
  }
  enable_dns_support   = true # "}"
  ünïcode = "ß"
  timeouts { create = "1h" }
  dynamic "ingress" {
    for_each = toset([])
    content {}
  }
}
	resource aws_vpc bare { cidr_block = "10.1.0.0/16" }
module "near" {
  source = "./modules/net"
}
module "far" { source = "hashicorp/consul/aws" }
data "reliability_drift" "this" {
}
resource "aws_vpc" "open" {
`

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFinder(t *testing.T) {
	t.Parallel()
	root := folder(t, map[string]string{
		".git/HEAD": "x", "stacks/pro d/main.tf": traps, "stacks/pro d/main_override.tf": "resource \"aws_vpc\" \"main\" {}\n", "stacks/pro d/.hidden.tf": "resource \"aws_vpc\" \"hidden\" {}",
		"stacks/pro d/modules/net/subnets.tofu": "\nresource \"aws_subnet\" \"a\" {}\nmodule \"deep\" { source = \"../../../../shared\" }\n", "shared/x.tf": "resource \"aws_eip\" \"nat\" {\n}\n",
	})
	dir := filepath.Join(root, "stacks", "pro d")
	if found := blocks.Root(dir); filepath.Base(found) != filepath.Base(root) || !blocks.Holds(dir) || blocks.Holds(root) {
		t.Errorf("root %s", found)
	}
	finder := blocks.NewFinder(dir, blocks.Root(dir))
	const main = "stacks/pro%20d/main.tf"
	for _, c := range []struct {
		address, attribute string
		want               blocks.Place
	}{
		{"aws_vpc.main", "", blocks.Place{main, 11, 1, 11, 28}},
		{"aws_vpc.main", "nothing", blocks.Place{main, 11, 1, 11, 28}},
		{"aws_vpc.main", "cidr_block", blocks.Place{main, 13, 3, 13, 19}},
		{"aws_vpc.main", "tags", blocks.Place{main, 16, 3, 16, 11}},
		{"aws_vpc.main", "enable_dns_support", blocks.Place{main, 19, 3, 19, 36}},
		{"aws_vpc.main", "ünïcode", blocks.Place{main, 20, 3, 20, 16}},
		{"aws_vpc.main", "timeouts", blocks.Place{main, 21, 3, 21, 13}},
		{"aws_vpc.main", "ingress", blocks.Place{main, 22, 3, 22, 22}},
		{"aws_vpc.bare", "", blocks.Place{main, 27, 2, 27, 25}},
		{"aws_vpc.open", "", blocks.Place{main, 34, 1, 34, 28}},
		{"module.near.aws_subnet.a", "", blocks.Place{"stacks/pro%20d/modules/net/subnets.tofu", 2, 1, 2, 28}},
		{"module.near.aws_subnet.gone", "", blocks.Place{main, 28, 1, 28, 16}},
		{"module.near.module.deep.aws_eip.nat", "", blocks.Place{"shared/x.tf", 1, 1, 1, 27}},
		{"module.far.aws_instance.x", "ami", blocks.Place{main, 31, 1, 31, 15}},
		{"module.none.aws_instance.x", "", blocks.Place{}},
		{"aws_vpc.hidden", "", blocks.Place{}},
		{"aws_vpc", "", blocks.Place{}},
		{"", "", blocks.Place{}},
	} {
		got, ok := finder.Resource(c.address, c.attribute)
		if got != c.want || ok != (c.want != blocks.Place{}) {
			t.Errorf("%s %s: %+v (%v), want %+v", c.address, c.attribute, got, ok, c.want)
		}
	}
	if got, ok := finder.Data("reliability_drift"); !ok || got.Line != 32 {
		t.Errorf("%+v", got)
	}
	if got, ok := finder.First(); !ok || got.URI != main || got.Line != 1 {
		t.Errorf("%+v", got)
	}
	elsewhere := blocks.NewFinder(dir, filepath.Join(root, "shared"))
	if got, _ := elsewhere.Resource("aws_vpc.main", ""); !strings.HasPrefix(got.URI, "file:///") || !strings.HasSuffix(got.URI, "/"+main) {
		t.Errorf("%+v", got)
	}
	nowhere := blocks.NewFinder(filepath.Join(root, "nowhere"), root)
	if _, ok := nowhere.First(); ok {
		t.Error("a folder that is not there holds a file")
	}
	if _, ok := nowhere.Data("x"); ok {
		t.Error("a folder that is not there holds a block")
	}
}

// mostAllocated bounds what one input may make the finder allocate in all, garbage included, in bytes: the bound of internal/fuzz,
// which nothing can import.
const mostAllocated = 512 << 20

// bounded runs do and fails the test when it allocated more than the bound.
func bounded(t *testing.T, do func()) {
	t.Helper()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	do()
	metrics.Read(sample)
	if more := sample[0].Value.Uint64() - before; more > mostAllocated {
		t.Errorf("one input made the finder allocate %d MB, which may be %d at most", more>>20, mostAllocated>>20)
	}
}

// FuzzFinder: whatever stands in a file, scanning it ends, and what is found lies in it.
func FuzzFinder(f *testing.F) {
	f.Add(traps)
	f.Add("resource \"a\" \"b\" {\n x = <<EOT\n")
	f.Add("resource \"a\" \"b\"\n{ \"${\"${")
	f.Add("<<-\n/*")
	f.Fuzz(func(t *testing.T, text string) {
		dir := folder(t, map[string]string{"main.tf": text})
		bounded(t, func() { look(t, dir, strings.Count(text, "\n")+1) })
	})
}

// look asks for blocks of a folder whose file has so many lines.
func look(t *testing.T, dir string, lines int) {
	t.Helper()
	finder := blocks.NewFinder(dir, dir)
	for _, attribute := range []string{"", "x", "cidr_block"} {
		for _, address := range []string{"a.b", "aws_vpc.main", "module.near.a.b"} {
			place, ok := finder.Resource(address, attribute)
			if ok && (place.Line < 1 || place.Line > lines || place.Column < 1 || place.EndColumn < place.Column || place.EndLine != place.Line) {
				t.Errorf("%+v", place)
			}
		}
	}
}
