package store

import (
	"fmt"
	"strings"
)

// KeyError says that a key is not one that a store takes.
type KeyError struct {
	Key    string
	Reason string
}

// Error quotes the key.
func (e *KeyError) Error() string { return fmt.Sprintf("invalid store key %q: %s", e.Key, e.Reason) }

// maxKeyBytes leaves room for a prefix below the 1,024 bytes that S3 takes:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKeyBytes = 800

// CheckKey returns a *KeyError unless key is relative, slash-separated, cleaned and of [A-Za-z0-9._=/-].
func CheckKey(key string) error {
	if key == "" || len(key) > maxKeyBytes {
		return &KeyError{key, fmt.Sprintf("a key has 1 to %d bytes", maxKeyBytes)}
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." || len(segment) > 255 {
			return &KeyError{key, "no part between slashes may be empty, \".\", \"..\" or over 255 bytes"}
		}
	}
	return checkBytes(key)
}

// checkPrefix is CheckKey for the beginning of a key.
func checkPrefix(prefix string) error {
	if strings.HasPrefix(prefix, "/") || strings.Contains(prefix, "//") {
		return &KeyError{prefix, "no part between slashes may be empty"}
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return &KeyError{prefix, "no part between slashes may be \".\" or \"..\""}
		}
	}
	return checkBytes(prefix)
}

func checkBytes(key string) error {
	for i := range len(key) {
		c := key[i]
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._=/-", c) >= 0
		if !ok {
			return &KeyError{key, "only letters, digits, and . _ = / - are taken"}
		}
	}
	return nil
}
