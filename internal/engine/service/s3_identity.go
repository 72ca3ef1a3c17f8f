package service

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// same tells whether the current version has the content and the metadata of the captured one, without reading either.
// unsure says that it does not look so, but that nothing can tell for certain.
//
// A copy that this service made is known from its notes. Else the size decides, the ETag where it is the MD5 of the content,
// and the checksums, which S3 keeps for every object that was uploaded since December 2024.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
func (b *S3Bucket) same(ctx context.Context, v *verdict, kms bool) (same, unsure bool, err error) {
	if b.lineage.knows(ctx, v.want.Key, v.now.Version, v.want.Version) {
		return true, false, nil
	}
	if v.want.Size != v.now.Size || !kms && v.want.ETag != v.now.ETag && plain(v.want.ETag) && plain(v.now.ETag) {
		return false, false, nil
	}
	old, err := b.head(ctx, v.want.Key, v.want.Version)
	if err != nil {
		return false, false, err
	}
	now, err := b.head(ctx, v.want.Key, v.now.Version)
	if err != nil {
		return false, false, err
	}
	content := sameContent(old, now)
	return content == yes && sameMetadata(old, now), content == unknown, nil
}

func (b *S3Bucket) head(ctx context.Context, key, version string) (*s3.HeadObjectOutput, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: &key, VersionId: &version, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return nil, fmt.Errorf("read version %s of s3://%s/%s: %w", version, b.bucket, key, err)
	}
	return out, nil
}

type answer int

const (
	unknown answer = iota
	no
	yes
)

// plain tells that an ETag is not that of an upload in parts.
func plain(etag string) bool { return !strings.Contains(etag, "-") }

// sameContent compares what S3 says of two versions. The ETag is the MD5 of the content unless it was uploaded in parts or
// is encrypted under a key that is not S3's own: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html. A checksum
// of a whole object decides; one that is made of those of its parts is the same for the same parts, and says nothing else.
func sameContent(a, b *s3.HeadObjectOutput) answer {
	switch {
	case aws.ToInt64(a.ContentLength) != aws.ToInt64(b.ContentLength):
		return no
	case aws.ToString(a.ETag) == aws.ToString(b.ETag):
		return yes
	}
	if composite(a) == composite(b) {
		for _, pair := range [][2]*string{
			{a.ChecksumCRC64NVME, b.ChecksumCRC64NVME},
			{a.ChecksumSHA256, b.ChecksumSHA256},
			{a.ChecksumSHA1, b.ChecksumSHA1},
			{a.ChecksumCRC32, b.ChecksumCRC32},
			{a.ChecksumCRC32C, b.ChecksumCRC32C},
		} {
			switch {
			case pair[0] == nil || pair[1] == nil:
			case *pair[0] == *pair[1]:
				return yes
			case !composite(a):
				return no
			}
		}
	}
	if hashed(a) && hashed(b) {
		return no
	}
	return unknown
}

// composite tells that the checksums are made of those of the parts: S3 says so, or they end in the number of parts.
func composite(h *s3.HeadObjectOutput) bool {
	for _, sum := range []*string{h.ChecksumSHA256, h.ChecksumSHA1, h.ChecksumCRC32, h.ChecksumCRC32C} {
		if strings.Contains(aws.ToString(sum), "-") {
			return true
		}
	}
	return h.ChecksumType == types.ChecksumTypeComposite
}

// hashed tells that the ETag is the MD5 of the content.
func hashed(h *s3.HeadObjectOutput) bool {
	return plain(aws.ToString(h.ETag)) && h.SSECustomerAlgorithm == nil && (h.ServerSideEncryption == "" || h.ServerSideEncryption == types.ServerSideEncryptionAes256)
}

func sameMetadata(a, b *s3.HeadObjectOutput) bool {
	for _, pair := range [][2]*string{
		{a.ContentType, b.ContentType},
		{a.CacheControl, b.CacheControl},
		{a.ContentDisposition, b.ContentDisposition},
		{a.ContentEncoding, b.ContentEncoding},
		{a.ContentLanguage, b.ContentLanguage},
		{a.ExpiresString, b.ExpiresString},
		{a.WebsiteRedirectLocation, b.WebsiteRedirectLocation},
	} {
		if aws.ToString(pair[0]) != aws.ToString(pair[1]) {
			return false
		}
	}
	return maps.Equal(a.Metadata, b.Metadata)
}

// lineage knows which versions are copies of which: S3 does not tell. An entry is a hash of key, copy and original, eight
// bytes, so that those of a million objects are at hand. It is safe for many goroutines.
type lineage struct {
	notes Notes // nil: known in this process only

	mu    sync.Mutex
	read  bool
	known map[uint64]struct{}
	fresh []byte // since the last save
}

func descent(key, copied, original string) uint64 {
	sum := sha256.Sum256([]byte(key + "\x00" + copied + "\x00" + original))
	return binary.BigEndian.Uint64(sum[:])
}

func (l *lineage) knows(ctx context.Context, key, copied, original string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.read && l.notes != nil {
		notes, err := l.notes.Read(ctx)
		l.read = err == nil // what cannot be read is compared in another way
		for _, note := range notes {
			for ; len(note) >= 8; note = note[8:] {
				l.put(binary.BigEndian.Uint64(note))
			}
		}
	}
	_, ok := l.known[descent(key, copied, original)]
	return ok
}

func (l *lineage) put(entry uint64) {
	if l.known == nil {
		l.known = map[uint64]struct{}{}
	}
	l.known[entry] = struct{}{}
}

func (l *lineage) add(key string, copied *string, original string) {
	if copied == nil { // a bucket whose versioning is suspended
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := descent(key, *copied, original)
	l.put(entry)
	if l.notes != nil {
		l.fresh = binary.BigEndian.AppendUint64(l.fresh, entry)
	}
}

// save keeps what was added for later runs. A note that is lost costs comparisons later, so that its error is none here.
func (l *lineage) save(ctx context.Context) {
	l.mu.Lock()
	fresh := l.fresh
	l.fresh = nil
	l.mu.Unlock()
	if len(fresh) > 0 {
		_ = l.notes.Add(ctx, fresh)
	}
}
