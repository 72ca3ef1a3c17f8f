package price

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/clock"
)

// keep is how long a price is taken from the cache. AWS publishes price changes a few times a month.
const keep = 7 * 24 * time.Hour

// Cache keeps the prices of a source on disk, and for one process in memory what it does not know. A cache that cannot be read or
// written is none: the source is asked.
type Cache struct {
	Source Source
	// Dir is a folder of the cache's own; it is made. "" keeps nothing on disk.
	Dir   string
	Clock clock.Clock

	lock   sync.Mutex
	asked  map[string]answer
	failed error
}

type answer struct {
	price Price
	known bool
}

type entry struct {
	Query   string    `json:"query"`
	Price   Price     `json:"price"`
	Fetched time.Time `json:"fetched"`
}

// DefaultDir is the folder for the prices in the user's cache, or "" where there is none.
func DefaultDir() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "terraform-provider-reliability", "prices")
}

// Price answers from memory, disk or the source, one question at a time. A source that failed is not asked again: its failure
// is the answer to what is not known yet.
func (c *Cache) Price(ctx context.Context, query Query) (Price, bool, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.asked == nil {
		c.asked = map[string]answer{}
	}
	if before, ok := c.asked[query.key()]; ok {
		return before.price, before.known, nil
	}
	if price, ok := c.load(query); ok {
		c.asked[query.key()] = answer{price, true}
		return price, true, nil
	}
	if c.failed != nil {
		return Price{}, false, c.failed
	}
	price, known, err := c.Source.Price(ctx, query)
	if err != nil {
		c.failed = err
		return Price{}, false, err
	}
	c.asked[query.key()] = answer{price, known}
	if known {
		c.save(query, price)
	}
	return price, known, nil
}

func (c *Cache) file(query Query) string {
	sum := sha256.Sum256([]byte(query.key()))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+".json")
}

func (c *Cache) load(query Query) (Price, bool) {
	if c.Dir == "" {
		return Price{}, false
	}
	content, err := os.ReadFile(c.file(query))
	if err != nil {
		return Price{}, false
	}
	var kept entry
	age := time.Duration(0)
	if err := json.Unmarshal(content, &kept); err == nil {
		age = c.Clock.Now().Sub(kept.Fetched)
	}
	if kept.Query != query.key() || kept.Price.USD <= 0 || age < 0 || age > keep {
		return Price{}, false
	}
	return kept.Price, true
}

func (c *Cache) save(query Query, price Price) {
	if c.Dir == "" || os.MkdirAll(c.Dir, 0o700) != nil {
		return
	}
	content, err := json.Marshal(entry{query.key(), price, c.Clock.Now().UTC()})
	if err != nil {
		return
	}
	file, err := os.CreateTemp(c.Dir, ".price-*")
	if err != nil {
		return
	}
	_, err = file.Write(content)
	if closed := file.Close(); err != nil || closed != nil || os.Rename(file.Name(), c.file(query)) != nil {
		_ = os.Remove(file.Name()) // the next one asks again
	}
}
