// Package store keeps manifests, the ledger, the journal and leases: small objects under slash-separated keys, with
// conditional writes. Every implementation passes package storetest.
package store

import (
	"context"
	"errors"
)

// The errors of a Store, to be tested with errors.Is.
var (
	// ErrNotFound: nothing is kept under that key.
	ErrNotFound = errors.New("not found in the store")
	// ErrPrecondition: IfNoneMatch or IfMatch did not hold; somebody else wrote first. Nothing was written.
	ErrPrecondition = errors.New("somebody else wrote it first")
)

// Object is what is kept under a key.
type Object struct {
	Key  string
	Data []byte
	ETag string // changes whenever Data does; opaque
}

// Condition guards a Put or Delete. The zero value is unconditional.
type Condition struct {
	IfNoneMatch bool   // only when nothing is kept under the key
	IfMatch     string // only when the kept object has this ETag
}

// Store keeps small objects. It is safe for use by many goroutines and many processes.
//
// Keys are relative, slash-separated, cleaned, of [A-Za-z0-9._=/-], never absolute and never with "..": an
// implementation refuses any other key with a *KeyError, so that no manifest can write outside its store. No key may be
// a folder of another ("a" beside "a/b").
type Store interface {
	// Get returns the object under key, or ErrNotFound.
	Get(ctx context.Context, key string) (Object, error)
	// Put writes data under key, whole or not at all, durably, and returns the new ETag; or ErrPrecondition.
	Put(ctx context.Context, key string, data []byte, cond Condition) (etag string, err error)
	// List returns the keys that start with prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes the object under key; ErrPrecondition when IfMatch does not hold. A missing key is no error,
	// whatever the condition.
	Delete(ctx context.Context, key string, cond Condition) error
	// URI names the object under key for people ("s3://bucket/prefix/key", "file:///...").
	URI(key string) string
}

// WriteChecker is a Store that can tell, without leaving anything behind, whether a Put would be refused for want of
// permission.
type WriteChecker interface {
	CheckWritable(ctx context.Context) error
}

// Adviser is a Store that knows what people should know of where it keeps things.
type Adviser interface {
	// Advice returns a sentence for each danger to what is kept, none where all is well or where it may not ask.
	Advice(ctx context.Context) ([]string, error)
}
