// Package canary plants secrets that nothing else holds, and looks for them in everything that a run leaves behind, as they are and in the
// shapes that programs give to text. For tests.
package canary

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// New returns a secret. Its middle are characters that JSON, HTML, URLs and Go's quoting each write in another way.
func New(label string) string { return "canary-" + label + `-"<&+/%'>-` + rand.Text() }

// Token is a secret for where only letters, digits and hyphens may stand.
func Token(label string) string { return "canary-" + label + "-" + rand.Text() }

// unpacked bounds what is read out of something compressed.
const unpacked = 64 << 20

// Find returns in which shapes data holds a secret: none where it does not. What is compressed is unpacked and looked through too.
func Find(data []byte, secret string) (shapes []string) { return find(data, secret, 3) }

func find(data []byte, secret string, depth int) (shapes []string) {
	for _, shape := range spellings(core(secret)) {
		if bytes.Contains(data, []byte(shape.text)) {
			shapes = append(shapes, shape.name)
		}
	}
	if depth == 0 {
		return shapes
	}
	for _, inner := range containers(data) {
		for _, shape := range find(inner.content, secret, depth-1) {
			shapes = append(shapes, inner.name+": "+shape)
		}
	}
	return shapes
}

type spelling struct{ name, text string }

// core is the longest part of a secret that quoting and escaping, however often, leave as it is: its letters and digits. A part of a secret
// that was cut out of the middle is found by it as well. AWS's secret keys may have none that is long enough not to be found by chance: they
// are looked for whole.
func core(secret string) string {
	longest := ""
	for _, word := range strings.FieldsFunc(secret, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		if len(word) > len(longest) {
			longest = word
		}
	}
	if len(longest) < leastCore {
		return secret
	}
	return longest
}

// leastCore is how many letters and digits in a row are found by chance nowhere.
const leastCore = 16

// spellings are the ways in which letters and digits are written.
func spellings(text string) []spelling {
	all := []spelling{
		{"plain or escaped", text},
		{"hex", hex.EncodeToString([]byte(text))},
		{"HEX", strings.ToUpper(hex.EncodeToString([]byte(text)))},
	}
	// Base64 writes a text in three ways, by where in a group of three bytes it begins; its ends mix with what stands around it. The
	// alphabet of URLs differs in two letters, which plain letters and digits are seldom written with.
	for offset := range 3 {
		from := (offset*8 + 5) / 6
		until := (offset + len(text)) * 8 / 6
		content := append(make([]byte, offset), text...)
		standard := base64.RawStdEncoding.EncodeToString(content)[from:until]
		all = append(all, spelling{fmt.Sprintf("base64 at %d", offset), standard})
		if other := base64.RawURLEncoding.EncodeToString(content)[from:until]; other != standard {
			all = append(all, spelling{fmt.Sprintf("base64 of URLs at %d", offset), other})
		}
	}
	return all
}

type container struct {
	name    string
	content []byte
}

// containers are what is packed in data: gzip streams wherever they begin, zip archives, and base64 of either.
func containers(data []byte) []container {
	var all []container
	for at := 0; ; {
		next := bytes.Index(data[at:], []byte{0x1f, 0x8b, 0x08})
		if next < 0 {
			break
		}
		at += next
		if reader, err := gzip.NewReader(bytes.NewReader(data[at:])); err == nil {
			reader.Multistream(false)
			content, _ := io.ReadAll(io.LimitReader(reader, unpacked)) // what can be read, however it ends
			all = append(all, container{"gzip", content})
		}
		at++
	}
	if archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
		for _, file := range archive.File {
			if opened, err := file.Open(); err == nil {
				content, _ := io.ReadAll(io.LimitReader(opened, unpacked))
				all = append(all, container{"zip " + file.Name, content})
			}
		}
	}
	if !bytes.Contains(data, []byte("H4sI")) && !bytes.Contains(data, []byte("UEsD")) {
		return all
	}
	for _, word := range bytes.FieldsFunc(data, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'<>,:;{}[]()", r) }) {
		if bytes.HasPrefix(word, []byte("H4sI")) || bytes.HasPrefix(word, []byte("UEsD")) { // gzip and zip in base64
			if content, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(word), "=")); err == nil {
				all = append(all, container{"base64", content})
			}
		}
	}
	return all
}

// Secrets are canaries by what they stand for.
type Secrets map[string]string

// Absent fails the test for each secret that data holds, and for those named by except does not.
func (s Secrets) Absent(t testing.TB, where string, data []byte, except ...string) {
	t.Helper()
	for what, secret := range s {
		allowed := false
		for _, name := range except {
			allowed = allowed || name == what
		}
		if shapes := Find(data, secret); len(shapes) > 0 && !allowed {
			t.Errorf("%s holds the %s (%s)", where, what, strings.Join(shapes, ", "))
		}
	}
}

// AbsentBelow looks through every file of a folder. except says, of a path within it, which secrets may be there.
func (s Secrets) AbsentBelow(t testing.TB, folder string, except func(path string) []string) {
	t.Helper()
	seen := 0
	root := filepath.Clean(folder)
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(root), path)
		if err != nil {
			return err
		}
		seen++
		s.Absent(t, filepath.Join(root, path), data, except(filepath.ToSlash(path))...)
		s.Absent(t, "the name "+path, []byte(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Errorf("there is no file below %s", folder)
	}
}
