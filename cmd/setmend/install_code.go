package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// functionCode is the functions' zip.
type functionCode struct {
	zip          []byte
	key          string // where it lies in the journal's bucket: it follows from the contents
	architecture string // as Lambda names it
	from         string
}

// functionCode makes the zip: a program called bootstrap, which the runtime
// provided.al2023 starts, and the policy file beside it, where the program finds it.
func (a *app) functionCode(f installFlags) (functionCode, error) {
	program, architecture, from, err := a.functionProgram(f)
	if err != nil {
		return functionCode{}, err
	}
	files := []zipped{{"bootstrap", program, 0o755}}
	path, err := a.policyPath()
	if err != nil {
		return functionCode{}, err
	}
	if path != "" {
		policy, err := os.ReadFile(path)
		if err != nil {
			return functionCode{}, &hintedError{fmt.Errorf("reading the policy: %w", err), "check --config (SETMEND_CONFIG)", exitConfig}
		}
		files = append(files, zipped{"setmend.yaml", policy, 0o644})
	}
	packed, err := pack(files)
	if err != nil {
		return functionCode{}, fmt.Errorf("zipping the functions' code: %w", err)
	}
	var contents [][]byte
	for _, file := range files {
		contents = append(contents, file.body)
	}
	return functionCode{packed, "code/" + sumOf(contents...) + ".zip", architecture, from}, nil
}

// functionProgram is the program that Lambda is to run: that of --zip, or this one.
func (a *app) functionProgram(f installFlags) (program []byte, architecture, from string, err error) {
	if f.zip != "" {
		program, err = bootstrapOf(f.zip)
		if f.arch == "" {
			f.arch = "arm64"
		}
		return program, f.arch, f.zip, err
	}
	own := map[string]string{"arm64": "arm64", "amd64": "x86_64"}[runtime.GOARCH]
	if runtime.GOOS != "linux" || own == "" || f.arch != "" && f.arch != own {
		return nil, "", "", &usageError{fmt.Errorf("this program is for %s/%s, and Lambda runs linux/arm64 or linux/amd64", runtime.GOOS, runtime.GOARCH),
			"build the code with `make lambda-zip` and give it with --zip"}
	}
	path, err := os.Executable()
	if err != nil {
		return nil, "", "", fmt.Errorf("finding this program: %w", err)
	}
	program, err = os.ReadFile(path)
	if err != nil {
		return nil, "", "", fmt.Errorf("reading this program: %w", err)
	}
	return program, own, path, nil
}

// bootstrapOf is the program in a zip.
func bootstrapOf(path string) ([]byte, error) {
	wrong := func(err error) error {
		return &hintedError{fmt.Errorf("reading %s: %w", path, err), "`make lambda-zip` builds one", exitNotFound}
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, wrong(err)
	}
	defer archive.Close()
	file, err := archive.Open("bootstrap")
	if err != nil {
		return nil, wrong(errors.New("there is no program called bootstrap in it"))
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxProgram))
}

// maxProgram is what Lambda lets a function's code have unzipped.
const maxProgram = 250 << 20

type zipped struct {
	name string
	body []byte
	mode os.FileMode
}

// pack zips files, the same bytes for the same files.
func pack(files []zipped) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	for _, file := range files {
		header := &zip.FileHeader{Name: file.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		header.SetMode(file.mode)
		entry, err := w.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(file.body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
