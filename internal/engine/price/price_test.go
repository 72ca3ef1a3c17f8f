package price

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/pricing"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// The table is that of the generator's source: its day, its Region, and some of its lines as they stand there.
func TestTheOfflineTable(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]float64{"a1.large": 0.051, "c5.large": 0.085, "c5.24xlarge": 4.08} {
		got, known, err := Table{}.Price(t.Context(), Instance("us-east-1", kind))
		if err != nil || !known || got != (Price{USD: want, Basis: Offline, Date: "2024-07-10"}) {
			t.Errorf("%s: %+v, %v, %v", kind, got, known, err)
		}
	}
	windows := Instance("us-east-1", "c5.large")
	windows.Attributes["operatingSystem"] = "Windows"
	for name, query := range map[string]Query{"another Region": Instance("eu-west-1", "c5.large"), "another type": Instance("us-east-1", "z9.huge"), "Windows": windows} {
		if got, known, err := (Table{}).Price(t.Context(), query); known || err != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// entryOf is a product as the Price List API writes it, with made-up figures: tiers are from, price pairs.
func entryOf(unit string, tiers ...string) string {
	dimensions := map[string]any{}
	for pair := range slices.Chunk(tiers, 2) {
		dimensions["SKU.TERM."+pair[0]] = map[string]any{
			"unit": unit, "beginRange": pair[0], "endRange": "Inf", "description": "made up", "pricePerUnit": map[string]string{"USD": pair[1]},
		}
	}
	text, err := json.Marshal(map[string]any{
		"product":     map[string]any{"productFamily": "Compute Instance", "sku": "SKU", "attributes": map[string]string{"regionCode": "us-east-1"}},
		"serviceCode": "AmazonEC2", "publicationDate": "2026-11-01T05:00:00Z", "version": "20261101050000",
		"terms": map[string]any{"OnDemand": map[string]any{"SKU.TERM": map[string]any{"priceDimensions": dimensions, "offerTermCode": "TERM"}}},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

type fakeList struct {
	pages [][]string
	err   error
	asked []*pricing.GetProductsInput
}

func (f *fakeList) GetProducts(_ context.Context, in *pricing.GetProductsInput, _ ...func(*pricing.Options)) (*pricing.GetProductsOutput, error) {
	copied := *in
	f.asked = append(f.asked, &copied)
	if f.err != nil {
		return nil, f.err
	}
	at := 0
	if in.NextToken != nil {
		_, _ = fmt.Sscan(*in.NextToken, &at)
	}
	out := &pricing.GetProductsOutput{PriceList: f.pages[at]}
	if at+1 < len(f.pages) {
		out.NextToken = aws.String(fmt.Sprint(at + 1))
	}
	return out, nil
}

func (f *fakeList) list() List {
	return List{Client: func(context.Context) (API, error) { return f, nil }}
}

func TestPriceList(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pages [][]string
		want  float64
		known bool
	}{
		"one":                   {[][]string{{entryOf("Hrs", "0", "0.2500000000")}}, 0.25, true},
		"none":                  {[][]string{{}}, 0, false},
		"another unit":          {[][]string{{entryOf("Quantity", "0", "0.25")}}, 0, false},
		"a free tier first":     {[][]string{{entryOf("Hrs", "0", "0", "100", "0.5", "1000", "0.4")}}, 0.5, true},
		"the same twice":        {[][]string{{entryOf("Hrs", "0", "0.25")}, {entryOf("Hrs", "0", "0.25")}}, 0.25, true},
		"two that differ":       {[][]string{{entryOf("Hrs", "0", "0.25")}, {entryOf("Hrs", "0", "0.26")}}, 0, false},
		"reserved is no demand": {[][]string{{`{"terms":{"Reserved":{"a":{"priceDimensions":{"b":{"unit":"Hrs","beginRange":"0","pricePerUnit":{"USD":"1"}}}}}}}`}}, 0, false},
	} {
		fake := &fakeList{pages: c.pages}
		got, known, err := fake.list().Price(t.Context(), Instance("us-east-1", "c5.large"))
		if err != nil || known != c.known || got.USD != c.want || (known && got.Date != "2026-11-01") {
			t.Errorf("%s: %+v, %v, %v", name, got, known, err)
		}
		if len(fake.asked) != len(c.pages) || len(fake.asked[0].Filters) != 6 {
			t.Errorf("%s: asked %d times", name, len(fake.asked))
		}
	}
	if _, _, err := (&fakeList{pages: [][]string{{"{"}}}).list().Price(t.Context(), Query{}); err == nil {
		t.Error("broken JSON is a price")
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "prices")
	query := Instance("us-east-1", "c5.large")
	fake := &fakeList{pages: [][]string{{entryOf("Hrs", "0", "0.25")}}}
	cacheAt := func(at time.Time) *Cache { return &Cache{Source: fake.list(), Dir: dir, Clock: clock.NewFake(at)} }
	look := func(cache *Cache, asked int) {
		t.Helper()
		price, known, err := cache.Price(t.Context(), query)
		if err != nil || !known || price.USD != 0.25 || len(fake.asked) != asked {
			t.Errorf("%+v, %v, %v, asked %d times", price, known, err, len(fake.asked))
		}
	}
	first := cacheAt(now)
	look(first, 1)
	look(first, 1)                    // from memory
	look(cacheAt(now.Add(keep)), 1)   // from disk
	look(cacheAt(now.Add(keep+1)), 2) // too old
	look(cacheAt(now.Add(-1)), 3)     // from a clock that was wrong
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	look(cacheAt(now), 4) // what is broken is fetched again
}

// A source that cannot be asked is asked once, and what it would have known comes from the table.
func TestFailingListFallsBackToTheTable(t *testing.T) {
	t.Parallel()
	denied := errors.New("denied")
	fake := &fakeList{err: denied}
	sources := Sources{&Cache{Source: fake.list(), Clock: clock.NewFake(now)}, Table{}}
	price, known, err := sources.Price(t.Context(), Instance("us-east-1", "c5.large"))
	if err != nil || !known || price.Basis != Offline {
		t.Errorf("%+v, %v, %v", price, known, err)
	}
	if _, known, err := sources.Price(t.Context(), Instance("eu-west-1", "c5.large")); known || !errors.Is(err, denied) {
		t.Errorf("%v, %v", known, err)
	}
	if len(fake.asked) != 1 {
		t.Errorf("asked %d times", len(fake.asked))
	}
}
