package service

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// listed is one version, or delete marker, of one key.
type listed struct {
	objectVersion
	marker  bool // a delete marker: the key is gone
	current bool // AWS says it is the current one
	at      time.Time
	class   types.ObjectVersionStorageClass
}

// archived tells that the version has to be restored from an archive before it can be copied.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
func (l *listed) archived() bool {
	class := types.StorageClass(l.class)
	return class == types.StorageClassGlacier || class == types.StorageClassDeepArchive
}

// history is all versions and delete markers of one key.
type history struct {
	key string
	all []listed
}

// currentAt returns what was current at the moment until (the zero time means now), or nil. ListObjectVersions is not
// atomic: what was written after until, while we were listing, is passed over in favour of what was current then.
func (h *history) currentAt(until time.Time) *listed {
	var best *listed
	for i := range h.all {
		entry := &h.all[i]
		if !until.IsZero() && entry.at.Truncate(time.Second).After(until) {
			continue
		}
		if best == nil || entry.newerThan(best) {
			best = entry
		}
	}
	return best
}

// newerThan orders two entries of one key. Times have whole seconds: of two in one second the current one is newer, and
// where neither is, the object counts rather than its deletion.
func (l *listed) newerThan(other *listed) bool {
	switch {
	case l.current != other.current:
		return l.current
	case !l.at.Equal(other.at):
		return l.at.After(other.at)
	default:
		return other.marker && !l.marker
	}
}

// find returns a version, or nil when it does not exist any more.
func (h *history) find(version string) *listed {
	i := slices.IndexFunc(h.all, func(l listed) bool { return l.Version == version && !l.marker })
	if i < 0 {
		return nil
	}
	return &h.all[i]
}

// onlyAbove tells whether the current delete marker is all that lies above version: taking it away is then enough. Times
// have whole seconds: what lies in the same second may lie above.
func (h *history) onlyAbove(marker, version *listed) bool {
	return !slices.ContainsFunc(h.all, func(l listed) bool {
		return l.Version != version.Version && l.Version != marker.Version && !l.at.Before(version.at)
	})
}

// versionWalk goes over the keys of a bucket in the order of their bytes, which is how S3 lists them. It holds one page and the
// versions of one key at a time.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
type versionWalk struct {
	bucket   *S3Bucket
	in       s3.ListObjectVersionsInput
	page     []listed // of the current page, by key
	last     bool     // there is no other page
	previous string
}

func (b *S3Bucket) walk() *versionWalk {
	return &versionWalk{bucket: b, in: s3.ListObjectVersionsInput{Bucket: &b.bucket, Prefix: &b.prefix, EncodingType: types.EncodingTypeUrl}}
}

// next returns the next key that is not excluded; false after the last one.
func (w *versionWalk) next(ctx context.Context) (*history, bool, error) {
	for {
		found, err := w.key(ctx)
		if err != nil || found == nil {
			return nil, false, err
		}
		if !w.bucket.exclude.match(found.key) {
			return found, true, nil
		}
	}
}

// key returns all there is of the next key, or nil.
func (w *versionWalk) key(ctx context.Context) (*history, error) {
	var found *history
	for {
		for i := range w.page {
			if found == nil {
				if w.page[i].Key < w.previous {
					return nil, fmt.Errorf("list the versions of %s: %q comes after %q: the bucket does not list in the order of keys", w.bucket.Target(), w.page[i].Key, w.previous)
				}
				found = &history{key: w.page[i].Key}
			}
			if w.page[i].Key != found.key {
				w.page, w.previous = w.page[i:], found.key
				return found, nil
			}
			found.all = append(found.all, w.page[i])
		}
		w.page = nil
		if w.last {
			if found != nil {
				w.previous = found.key
			}
			return found, nil
		}
		if err := w.turn(ctx); err != nil {
			return nil, err
		}
	}
}

// turn reads the next page.
func (w *versionWalk) turn(ctx context.Context) error {
	out, err := w.bucket.client.ListObjectVersions(ctx, &w.in)
	if err != nil {
		return fmt.Errorf("list the versions of %s: %w", w.bucket.Target(), err)
	}
	decode := func(key *string) string { return aws.ToString(key) }
	if out.EncodingType == types.EncodingTypeUrl {
		decode = decodeKey
	}
	w.page = make([]listed, 0, len(out.Versions)+len(out.DeleteMarkers))
	for _, v := range out.Versions {
		w.page = append(w.page, listed{
			objectVersion: objectVersion{Key: decode(v.Key), Version: aws.ToString(v.VersionId), ETag: aws.ToString(v.ETag), Size: aws.ToInt64(v.Size)},
			current:       aws.ToBool(v.IsLatest), at: aws.ToTime(v.LastModified), class: v.StorageClass,
		})
	}
	for _, m := range out.DeleteMarkers {
		w.page = append(w.page, listed{
			objectVersion: objectVersion{Key: decode(m.Key), Version: aws.ToString(m.VersionId)},
			marker:        true, current: aws.ToBool(m.IsLatest), at: aws.ToTime(m.LastModified),
		})
	}
	slices.SortStableFunc(w.page, func(x, y listed) int { return compareBytes(x.Key, y.Key) })
	w.last = !aws.ToBool(out.IsTruncated)
	if !w.last && out.NextKeyMarker == nil {
		return fmt.Errorf("list the versions of %s: the list goes on, and S3 does not say where", w.bucket.Target())
	}
	w.in.KeyMarker, w.in.VersionIdMarker = nil, out.NextVersionIdMarker
	if out.NextKeyMarker != nil {
		w.in.KeyMarker = aws.String(decode(out.NextKeyMarker))
	}
	return nil
}

// decodeKey takes the URL encoding off, in which a key has any byte that XML has not.
func decodeKey(key *string) string {
	plain, err := url.QueryUnescape(aws.ToString(key))
	if err != nil {
		return aws.ToString(key)
	}
	return plain
}

func compareBytes(x, y string) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
