package service

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// objectVersion is one object as it was at the capture.
type objectVersion struct {
	Key     string `json:"k"`
	Version string `json:"v"`
	ETag    string `json:"e"`
	Size    int64  `json:"s"`
}

// entriesPerPart is how many objects one part of a capture lists: about a megabyte.
const entriesPerPart = 10_000

// listed is what a listing tells of one key.
type listed struct {
	objectVersion
	marker  bool // a delete marker: the key is gone
	current bool // AWS says it is the current one
	at      time.Time
	class   types.ObjectVersionStorageClass
	// past is every version and delete marker of the key, when the listing was asked to remember them.
	past []pastVersion
}

type pastVersion struct {
	version string
	marker  bool
	at      time.Time
}

// holds tells whether a version still exists.
func (l *listed) holds(version string) bool {
	return slices.ContainsFunc(l.past, func(p pastVersion) bool { return p.version == version && !p.marker })
}

// onlyMarkerAbove tells whether the current delete marker is all that lies above version: taking it away is then enough.
// Times have whole seconds: what lies in the same second may lie above.
func (l *listed) onlyMarkerAbove(version string) bool {
	i := slices.IndexFunc(l.past, func(p pastVersion) bool { return p.version == version })
	return i >= 0 && !slices.ContainsFunc(l.past, func(p pastVersion) bool {
		return p.version != version && p.version != l.Version && !p.at.Before(l.past[i].at)
	})
}

// list walks all versions under the prefix and returns, for each key, what was current at the moment until (the zero
// time means now). ListObjectVersions is not atomic: what was written after until, while we were listing, is passed over
// in favour of what was current then. want, where it is set, names the keys whose versions are to be remembered.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (b *S3Bucket) list(ctx context.Context, until time.Time, want map[string]objectVersion) (map[string]*listed, error) {
	found := map[string]*listed{}
	pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &b.bucket, Prefix: &b.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the versions of %s: %w", b.Target(), err)
		}
		for _, v := range page.Versions {
			b.consider(found, until, want, &listed{
				objectVersion: objectVersion{Key: aws.ToString(v.Key), Version: aws.ToString(v.VersionId), ETag: aws.ToString(v.ETag), Size: aws.ToInt64(v.Size)},
				current:       aws.ToBool(v.IsLatest), at: aws.ToTime(v.LastModified), class: v.StorageClass,
			})
		}
		for _, m := range page.DeleteMarkers {
			b.consider(found, until, want, &listed{
				objectVersion: objectVersion{Key: aws.ToString(m.Key), Version: aws.ToString(m.VersionId)},
				marker:        true, current: aws.ToBool(m.IsLatest), at: aws.ToTime(m.LastModified),
			})
		}
	}
	return found, nil
}

func (b *S3Bucket) consider(found map[string]*listed, until time.Time, want map[string]objectVersion, entry *listed) {
	if b.exclude.match(entry.Key) {
		return
	}
	best := found[entry.Key]
	if _, wanted := want[entry.Key]; wanted {
		if best == nil {
			best = &listed{}
			found[entry.Key] = best
		}
		best.past = append(best.past, pastVersion{entry.Version, entry.marker, entry.at})
	}
	if !until.IsZero() && entry.at.Truncate(time.Second).After(until) {
		return
	}
	if best == nil || best.Key == "" || entry.newerThan(best) {
		if best != nil {
			entry.past = best.past
		}
		found[entry.Key] = entry
	}
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

// encodeParts writes entries as JSON lines, entriesPerPart to a part.
func encodeParts(entries []objectVersion) ([][]byte, error) {
	var parts [][]byte
	for start := 0; start < len(entries); start += entriesPerPart {
		var part bytes.Buffer
		encoder := json.NewEncoder(&part)
		encoder.SetEscapeHTML(false)
		for _, entry := range entries[start:min(start+entriesPerPart, len(entries))] {
			if err := encoder.Encode(entry); err != nil {
				return nil, err
			}
		}
		parts = append(parts, part.Bytes())
	}
	return parts, nil
}

func decodeParts(parts [][]byte) ([]objectVersion, error) {
	var entries []objectVersion
	for _, part := range parts {
		lines := bufio.NewScanner(bytes.NewReader(part))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var entry objectVersion
			if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
				return nil, err
			}
			entries = append(entries, entry)
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
	return entries, nil
}
