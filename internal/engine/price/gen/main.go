// Command gen writes the offline table of prices, ec2_us_east_1.json, from a published source: the on-demand prices that
// karpenter-provider-aws (Apache License 2.0) carries, which it fetched from the Price List API on the day that is noted in it.
//
//	go generate ./internal/engine/price
//
// The module is only downloaded; this one does not depend on it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

const (
	module = "github.com/aws/karpenter-provider-aws@v1.0.8"
	source = "pkg/providers/pricing/zz_generated.pricing_aws.go"
	table  = "InitialOnDemandPricesAWS"
	region = "us-east-1"
)

// generated is the line in which the source says when and where its prices are from.
var generated = regexp.MustCompile(`// generated at (\d{4}-\d{2}-\d{2})T\S+ for (\S+)`)

// Table is the form of the file.
type Table struct {
	Source string             `json:"source"`
	Date   string             `json:"date"`
	Region string             `json:"region"`
	Unit   string             `json:"unit"`
	Hourly map[string]float64 `json:"hourly"`
}

func main() {
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(target string) error {
	folder, err := download()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, source)) //nolint:gosec // of the module cache
	if err != nil {
		return err
	}
	said := generated.FindSubmatch(text)
	if said == nil || string(said[2]) != region {
		return errors.New("the source no longer says when its prices of " + region + " are from")
	}
	prices, err := pricesOf(text)
	if err != nil {
		return err
	}
	out, err := json.MarshalIndent(Table{module + "/" + source, string(said[1]), region, "USD an hour, on demand, Linux, shared tenancy", prices}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(target, append(out, '\n'), 0o644) //nolint:gosec // a file of the repository
}

func download() (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module) //nolint:noctx // a generator ends with its terminal
	command.Dir = os.TempDir()
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go mod download: %w", err)
	}
	var downloaded struct{ Dir string }
	return downloaded.Dir, errors.Join(json.Unmarshal(bytes.TrimSpace(out), &downloaded), err)
}

// pricesOf takes the region's part of the table out of the source.
func pricesOf(text []byte) (map[string]float64, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, text, 0)
	if err != nil {
		return nil, err
	}
	prices := map[string]float64{}
	ast.Inspect(file, func(node ast.Node) bool {
		entry, ok := node.(*ast.KeyValueExpr)
		if !ok || textOf(entry.Key) != region {
			return true
		}
		literal, ok := entry.Value.(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, element := range literal.Elts {
			if price, ok := element.(*ast.KeyValueExpr); ok {
				if number, ok := price.Value.(*ast.BasicLit); ok {
					prices[textOf(price.Key)], err = strconv.ParseFloat(number.Value, 64)
				}
			}
		}
		return false
	})
	if len(prices) < 100 {
		return nil, errors.New(table + " is not where it was")
	}
	return prices, err
}

func textOf(node ast.Expr) string {
	literal, ok := node.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}
