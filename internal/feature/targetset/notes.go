package targetset

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/store"
	"github.com/project3-ls/terraform-provider-reliability/internal/feature/configured"
)

// keptNotes is how many notes of one target are kept: the oldest goes when one more comes.
const keptNotes = 50

// storeNotes keeps the notes of a service in the store of the provider block.
type storeNotes struct {
	data   *configured.Data
	folder string
}

// notesFolder is where the notes about one thing in AWS are kept.
func notesFolder(kind string, identity ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(identity, "\x00")))
	return "notes/" + kind + "/" + hex.EncodeToString(sum[:16]) + "/"
}

// Read returns what is kept.
func (n storeNotes) Read(ctx context.Context) ([][]byte, error) {
	opened, err := n.data.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := opened.List(ctx, n.folder)
	if err != nil {
		return nil, err
	}
	notes := make([][]byte, 0, len(keys))
	for _, key := range keys {
		kept, err := opened.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		notes = append(notes, kept.Data)
	}
	return notes, nil
}

// Add keeps one more under the time, so that the oldest ones sort first.
func (n storeNotes) Add(ctx context.Context, note []byte) error {
	opened, err := n.data.OpenStore(ctx)
	if err != nil {
		return err
	}
	key := n.folder + n.data.Clock.Now().UTC().Format("20060102T150405.000Z") + "-" + rand.Text()
	if _, err := opened.Put(ctx, key, note, store.Condition{IfNoneMatch: true}); err != nil {
		return err
	}
	keys, err := opened.List(ctx, n.folder)
	if err != nil {
		return err
	}
	for _, old := range keys[:max(0, len(keys)-keptNotes)] {
		if err := opened.Delete(ctx, old, store.Condition{}); err != nil {
			return err
		}
	}
	return nil
}
