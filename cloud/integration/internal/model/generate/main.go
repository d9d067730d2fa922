// Command generate writes facts.zip from the API models of the installed botocore.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/setmend/setmend/cloud/integration/internal/model"
)

func main() {
	log.SetFlags(0)
	data := flag.String("models", "", "botocore's data directory (default: that of python3)")
	out := flag.String("o", "facts.zip", "file to write")
	flag.Parse()
	if *data == "" {
		text, err := exec.Command("python3", "-c", "import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), 'data'))").Output()
		if err != nil {
			log.Fatalf("finding botocore: %v", err)
		}
		*data = strings.TrimSpace(string(text))
	}
	if err := write(*data, *out); err != nil {
		log.Fatal(err)
	}
}

func write(data, out string) error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	add := func(name string, v any) error {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name + ".json", Method: zip.Deflate})
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	var partitions any
	if err := readJSON(filepath.Join(data, "partitions.json"), &partitions); err != nil {
		return err
	}
	if err := add("_partitions", partitions); err != nil {
		return err
	}
	services, err := services(data)
	if err != nil {
		return err
	}
	operations := 0
	for _, s := range services {
		if err := add(s.Name, s); err != nil {
			return err
		}
		operations += len(s.Operations)
	}
	if err := z.Close(); err != nil {
		return err
	}
	log.Printf("%d services, %d operations, %d bytes", len(services), operations, b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// services reads all models. Of two with one name the one with more operations
// counts: a service that was renamed has its old model, too.
func services(data string) ([]*model.Service, error) {
	directories, err := os.ReadDir(data)
	if err != nil {
		return nil, err
	}
	byName := map[string]*model.Service{}
	for _, d := range directories {
		versions, err := filepath.Glob(filepath.Join(data, d.Name(), "*", "service-2.json*"))
		if err != nil || len(versions) == 0 {
			continue
		}
		slices.Sort(versions)
		s, err := service(filepath.Dir(versions[len(versions)-1]))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name(), err)
		}
		if s.Rules == nil {
			continue
		}
		if other := byName[s.Name]; other == nil || len(s.Operations) > len(other.Operations) {
			byName[s.Name] = s
		}
	}
	var list []*model.Service
	for _, s := range byName {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *model.Service) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func service(directory string) (*model.Service, error) {
	var tree map[string]any
	if err := readJSON(filepath.Join(directory, "service-2.json"), &tree); err != nil {
		return nil, err
	}
	var extras struct{ Merge map[string]any }
	if err := readJSON(filepath.Join(directory, "service-2.sdk-extras.json"), &extras); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	merge(tree, extras.Merge)
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	var source source
	if err := json.Unmarshal(text, &source); err != nil {
		return nil, err
	}
	r := &reducer{source: &source, indexes: map[string]int{}, simple: map[plain]int{}}
	s := r.service()
	rules := new(model.RuleSet)
	switch err := readJSON(filepath.Join(directory, "endpoint-rule-set-1.json"), rules); {
	case err == nil:
		s.Rules = rules
	case !os.IsNotExist(err):
		return nil, err
	}
	return s, r.pages(filepath.Join(directory, "paginators-1.json"), s)
}

func merge(into, from map[string]any) {
	for key, value := range from {
		inner, ok := value.(map[string]any)
		old, was := into[key].(map[string]any)
		if ok && was {
			merge(old, inner)
			continue
		}
		into[key] = value
	}
}

// readJSON reads a file, or its compressed form.
func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		var file *os.File
		if file, err = os.Open(path + ".gz"); err != nil {
			return err
		}
		defer file.Close()
		var z *gzip.Reader
		if z, err = gzip.NewReader(file); err != nil {
			return err
		}
		text, err = io.ReadAll(z)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
