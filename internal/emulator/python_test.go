package emulator

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A wheel of the pinned name, so that the installation needs no registry.
func wheel(t *testing.T, folder string) {
	t.Helper()
	file, err := os.Create(filepath.Join(folder, "moto-"+MotoVersion+"-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	writer := zip.NewWriter(file)
	info := "moto-" + MotoVersion + ".dist-info/"
	for name, content := range map[string]string{
		"moto/__init__.py": "__version__ = '" + MotoVersion + "'\n",
		"moto/server.py":   "",
		info + "METADATA":  "Metadata-Version: 2.1\nName: moto\nVersion: " + MotoVersion + "\nProvides-Extra: server\n",
		info + "WHEEL":     "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "RECORD":    "moto/__init__.py,,\nmoto/server.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n",
	} {
		entry, err := writer.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// Where there is no moto, one virtual environment is made, however many ask for it at once, and used from then on.
func TestOwnPython(t *testing.T) {
	if output, err := exec.CommandContext(t.Context(), "python3", "-c", "import venv, ensurepip").CombinedOutput(); err != nil {
		t.Skipf("python3 without venv: %s", output)
	}
	wheels, cache := t.TempDir(), t.TempDir()
	wheel(t, wheels)
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", wheels)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	var asked sync.WaitGroup
	for range 2 {
		asked.Go(func() {
			python, err := ownPython(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if executable, version, err := ask(t.Context(), python); err != nil || version != MotoVersion || executable != python {
				t.Errorf("%s has moto %q as %s: %v", python, version, executable, err)
			}
		})
	}
	asked.Wait()
	t.Setenv("PIP_FIND_LINKS", "") // nothing is installed again
	t.Setenv("PATH", "")
	if _, err := ownPython(t.Context()); err != nil {
		t.Error(err)
	}
}

// An installation that broke off is not taken for one that is ready.
func TestOwnPythonBreaksOff(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	if python, err := ownPython(t.Context()); err == nil {
		t.Fatalf("%s without moto", python)
	}
	wheels := t.TempDir()
	wheel(t, wheels)
	t.Setenv("PIP_FIND_LINKS", wheels)
	python, err := ownPython(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, version, err := ask(t.Context(), python); err != nil || version != MotoVersion {
		t.Errorf("moto %q after a second try: %v", version, err)
	}
}

func TestPythonBesideMoto(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "moto_server")
	for content, want := range map[string]string{
		"#!/opt/venv/bin/python3.11\nimport moto\n": "/opt/venv/bin/python3.11",
		"#!/usr/bin/env bash\nexec pyenv\n":         "",
		"#!/bin/sh\n":                               "",
		"":                                          "",
	} {
		if err := os.WriteFile(script, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := shebang(script); got != want {
			t.Errorf("%q names %q, want %q", content, got, want)
		}
	}
	if err := os.WriteFile(script, nil, 0o600); err != nil { // whichever was the last
		t.Fatal(err)
	}
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	beside := filepath.Join(folder, "python3")
	if err := os.WriteFile(beside, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	if found := pythonsOnPath(); len(found) != 1 || found[0] != beside {
		t.Errorf("found %v, want only %s", found, beside)
	}
}
