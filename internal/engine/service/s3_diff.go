package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// errCapture: what was captured makes no sense.
var errCapture = errors.New("what was captured makes no sense")

// s3Apply is one instruction of a restore.
type s3Apply struct {
	Do      string `json:"do"` // "copy", "unmark", "mark", or "many" with List
	Key     string `json:"key,omitempty"`
	Version string `json:"version,omitempty"` // to copy, or of the marker
	Size    int64  `json:"size,omitempty"`    // to copy
	Class   string `json:"class,omitempty"`   // storage class of what is copied, unless it is the standard one
	Over    uint64 `json:"over,omitempty"`    // what is copied over, as a hash of its key and version
	List    string `json:"list,omitempty"`    // packed instructions
}

// difference is one object that is not as it was captured.
type difference struct {
	action Action
	detail string
	apply  s3Apply
}

// verdict is what came of the look at one captured object.
type verdict struct {
	want objectVersion
	// of an object whose current version is not the captured one: whether it differs is not known yet, because a copy of a
	// version is another version with the same content, and new metadata come with the same content too.
	old, now *listed
	revive   bool // it is deleted: nothing to compare

	differs *difference
	lost    string // why it cannot be put back
}

// pendingVerdicts is how many objects are looked at side by side; it bounds memory, not requests.
const pendingVerdicts = 1000

// comparison is one walk over captured and live objects at the same time.
type comparison struct {
	*S3Bucket
	status  versioning
	kms     bool
	emit    func(difference) error
	pending []verdict
	lost    few
}

// compare calls emit for each object that can be put back, in the order of keys. After that it returns an error that is
// ErrUnrestorable when there are others that cannot.
func (b *S3Bucket) compare(ctx context.Context, item Item, emit func(difference) error) error {
	captured, err := b.captured(item)
	if err != nil {
		return err
	}
	c := comparison{S3Bucket: b, emit: emit, lost: few{limit: 10}}
	if c.status, err = b.versioning(ctx); err != nil {
		return err
	}
	if c.kms, err = b.kmsByDefault(ctx); err != nil {
		return err
	}
	live := b.walk()
	now, more, err := live.next(ctx)
	for err == nil {
		var want objectVersion
		var ok bool
		if want, ok, err = captured.read(ctx); err != nil || !ok {
			break
		}
		for err == nil && more && now.key < want.Key {
			now, more, err = live.next(ctx)
		}
		if err == nil {
			found := now
			if !more || now.key != want.Key {
				found = nil
			}
			err = c.consider(ctx, want, found)
		}
	}
	if errors.Is(err, errCapture) {
		return b.unreadable(err)
	}
	if err == nil {
		err = c.settle(ctx)
	}
	if err == nil && c.lost.total() > 0 {
		err = fmt.Errorf("s3://%s: %d object(s) cannot be put back: %s: %w", b.bucket, c.lost.total(), c.lost.String(), ErrUnrestorable)
	}
	return err
}

// consider looks at one captured object and all that its key has now.
func (c *comparison) consider(ctx context.Context, want objectVersion, found *history) error {
	v := verdict{want: want}
	if found != nil {
		v.now, v.old = found.currentAt(time.Time{}), found.find(want.Version)
	}
	switch {
	case v.now != nil && v.now.Version == want.Version:
		return nil
	case v.old == nil:
		v.lost = fmt.Sprintf("%s (version %s does not exist any more)", want.Key, want.Version)
	case v.now.marker && found.onlyAbove(v.now, v.old) && !c.status.mfaDelete:
		// Taking the marker away is enough, whatever the size and the storage class.
		v.differs = &difference{Create, c.revived(want), s3Apply{Do: "unmark", Key: want.Key, Version: v.now.Version}}
	case v.now.marker:
		v.revive = true
	}
	c.pending = append(c.pending, v)
	if len(c.pending) < pendingVerdicts {
		return nil
	}
	return c.settle(ctx)
}

func (b *S3Bucket) revived(want objectVersion) string {
	return fmt.Sprintf("s3://%s/%s: deleted -> version %s", b.bucket, want.Key, want.Version)
}

// settle decides about the pending objects, side by side where S3 has to be asked, and emits in order.
func (c *comparison) settle(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(s3Parallel)
	for i := range c.pending {
		v := &c.pending[i]
		if v.differs == nil && v.lost == "" {
			group.Go(func() error { return c.examine(ctx, v, c.kms) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range c.pending {
		switch v := &c.pending[i]; {
		case v.lost != "":
			c.lost.add(v.lost)
		case v.differs != nil:
			if err := c.emit(*v.differs); err != nil {
				return err
			}
		}
	}
	c.pending = c.pending[:0]
	return nil
}

// examine finds out whether an object differs, and whether it can be copied back.
func (b *S3Bucket) examine(ctx context.Context, v *verdict, kms bool) error {
	detail, action := b.revived(v.want), Create
	if !v.revive {
		same, unsure, err := b.same(ctx, v, kms)
		if err != nil || same {
			return err
		}
		detail, action = fmt.Sprintf("s3://%s/%s: version %s -> content of version %s", b.bucket, v.want.Key, v.now.Version, v.want.Version), Update
		if unsure {
			detail += " (the two cannot be compared without reading them: neither ETags nor checksums tell)"
		}
	}
	reason, err := b.cold(ctx, v.old)
	if err != nil {
		return err
	}
	if reason != "" {
		v.lost = fmt.Sprintf("%s (%s)", v.want.Key, reason)
		return nil
	}
	apply := s3Apply{Do: "copy", Key: v.want.Key, Version: v.want.Version, Size: v.want.Size, Class: string(v.old.class), Over: descent(v.want.Key, v.now.Version, "")}
	if types.StorageClass(v.old.class) == types.StorageClassStandard {
		apply.Class = ""
	}
	v.differs = &difference{action, detail, apply}
	return nil
}

// Diff returns one change per object that is gone or has another content or other metadata; of very many, one change per
// few thousand.
func (b *S3Bucket) Diff(ctx context.Context, item Item) ([]Change, error) {
	var changes []Change
	var many *packer
	err := b.compare(ctx, item, func(d difference) error {
		if many == nil && len(changes) < b.tuning.Bulk {
			changes = append(changes, b.step(d))
			return nil
		}
		if many == nil {
			many = &packer{bucket: b}
			for _, change := range changes {
				if err := many.addRaw(change.Apply); err != nil {
					return err
				}
			}
			changes = nil
		}
		return many.add(d.apply)
	})
	if many != nil {
		if flushed := many.flush(); flushed != nil {
			return nil, errors.Join(err, flushed)
		}
		changes = many.changes
	}
	if err != nil && !errors.Is(err, ErrUnrestorable) {
		return nil, err
	}
	b.estimate(changes)
	return changes, err
}

func (b *S3Bucket) step(d difference) Change {
	raw, err := canonical(d.apply)
	if err != nil {
		panic(err) // strings and a number only: cannot fail
	}
	estimate := 100 * time.Millisecond
	if d.apply.Size > b.tuning.MaxCopy {
		estimate = time.Duration(d.apply.Size/largePerSecond) * time.Second
	}
	return Change{Service: b.Name(), Action: d.action, Detail: d.detail, Reversible: true, Estimate: estimate, Apply: raw}
}

// Cleanup returns a delete marker for each object that the capture does not know. Its versions stay.
func (b *S3Bucket) Cleanup(ctx context.Context, item Item) ([]Change, error) {
	captured, err := b.captured(item)
	if err != nil {
		return nil, err
	}
	var changes []Change
	live := b.walk()
	want, known, err := captured.read(ctx)
	for err == nil {
		var found *history
		var ok bool
		if found, ok, err = live.next(ctx); err != nil || !ok {
			break
		}
		for err == nil && known && want.Key < found.key {
			want, known, err = captured.read(ctx)
		}
		now := found.currentAt(time.Time{})
		if err == nil && !now.marker && (!known || want.Key != found.key) {
			changes = append(changes, b.step(difference{
				Delete, fmt.Sprintf("s3://%s/%s: newer than the capture -> delete marker", b.bucket, found.key), s3Apply{Do: "mark", Key: found.key, Version: now.Version},
			}))
		}
	}
	for err == nil && known { // a capture that is cut short would make everything behind it look new
		_, known, err = captured.read(ctx)
	}
	if errors.Is(err, errCapture) {
		return nil, b.unreadable(err)
	}
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// describeKeys names a range of keys for people.
func describeKeys(first, last string) string {
	short := func(key string) string {
		if len(key) > 60 {
			return strings.ToValidUTF8(key[:60], "") + "..."
		}
		return key
	}
	return fmt.Sprintf("%s to %s", short(first), short(last))
}
