package canary_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/canary"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	file, err := archive.Create("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func quoted(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// TestAPlantedSecretIsFound in every shape, in a file deep below, and nothing is found where there is none.
func TestAPlantedSecretIsFound(t *testing.T) {
	secret := canary.New("shape")
	shapes := map[string]string{
		"plain":                  "before " + secret + " after",
		"URL path":               "https://x.test/" + url.PathEscape(secret),
		"URL query":              "https://x.test/?q=" + url.QueryEscape(secret),
		"HTML":                   "<td>" + html.EscapeString(secret) + "</td>",
		"hex":                    hex.EncodeToString([]byte(secret)),
		"Go":                     fmt.Sprintf("%q", secret),
		"JSON":                   quoted(t, map[string]string{"a": secret}),
		"JSON in JSON":           quoted(t, quoted(t, []string{secret})),
		"gzip":                   "junk" + gzipped(t, "before "+secret),
		"zip":                    zipped(t, secret+" after"),
		"gzip in base64":         `{"log":"` + base64.StdEncoding.EncodeToString([]byte(gzipped(t, quoted(t, secret)))) + `"}`,
		"base64 in gzip in gzip": gzipped(t, gzipped(t, base64.StdEncoding.EncodeToString([]byte("x"+secret)))),
	}
	for offset := range 3 {
		text := strings.Repeat("x", offset) + secret + "tail"
		shapes[fmt.Sprintf("base64 at %d", offset)] = base64.StdEncoding.EncodeToString([]byte(text))
		shapes[fmt.Sprintf("base64 of URLs at %d", offset)] = base64.URLEncoding.EncodeToString([]byte(text))
	}
	other := canary.New("shape")
	for name, data := range shapes {
		if len(canary.Find([]byte(data), secret)) == 0 {
			t.Errorf("%s: not found in %q", name, data)
		}
		if found := canary.Find([]byte(data), other); len(found) > 0 {
			t.Errorf("%s: found another one, as %v", name, found)
		}
	}
}

// TestAFolderIsLookedThrough: a secret in a file deep below, and in a name, fails the test; one that may be there does not.
func TestAFolderIsLookedThrough(t *testing.T) {
	secrets := canary.Secrets{"password": canary.Token("password"), "token": canary.Token("token")}
	look := func(path, content string, except ...string) bool {
		t.Helper()
		folder := t.TempDir()
		if err := os.MkdirAll(filepath.Join(folder, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		told := &teller{TB: t}
		secrets.AbsentBelow(told, folder, func(string) []string { return except })
		return told.failed
	}
	if !look("a/b/.hidden/c.log", "x "+secrets["token"]) {
		t.Error("a secret in a hidden folder was not found")
	}
	if !look("a/"+secrets["password"], "") {
		t.Error("a secret in a name was not found")
	}
	if look("a/b", "nothing") {
		t.Error("something was found where nothing is")
	}
	if look("terraform.tfstate", secrets["token"], "token") {
		t.Error("a secret was found that may be there")
	}
	if !look("terraform.tfstate", secrets["token"]+secrets["password"], "token") {
		t.Error("a secret that may not be there was not found beside one that may")
	}
}

// teller notes that a test would have failed.
type teller struct {
	testing.TB
	failed bool
}

func (t *teller) Errorf(string, ...any) { t.failed = true }

// A secret key of AWS with signs all over is found whole; moto draws such a one now and then.
func TestASecretWithoutALongWordIsFoundWhole(t *testing.T) {
	const secret = "aB3/cD4+eF5/gH6+iJ7/kL8+mN9/oP0+qR1/sT2+"
	for _, holding := range []string{"x" + secret + "y", base64.StdEncoding.EncodeToString([]byte("--" + secret))} {
		if len(canary.Find([]byte(holding), secret)) == 0 {
			t.Errorf("it is not found in %s", holding)
		}
	}
	if shapes := canary.Find([]byte("aB3/cD4+eF5/gH6+iJ7/kL8"), secret); len(shapes) > 0 {
		t.Errorf("a part of it is taken for it: %v", shapes)
	}
}
