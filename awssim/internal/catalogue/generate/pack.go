package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// magic begins the file and names its version.
const magic = "awscat1\n"

// dictionarySize is DEFLATE's largest window.
const dictionarySize = 32 << 10

// pack writes the catalogue: the magic, three lengths, the offsets of names and of
// blocks, the names, the dictionary, and a compressed block for each type.
func pack(names []string, schemas map[string]document) ([]byte, error) {
	bodies := make([][]byte, len(names))
	for i, name := range names {
		body, err := render(schemas[name])
		if err != nil {
			return nil, fmt.Errorf("writing type %s: %w", name, err)
		}
		bodies[i] = body
	}
	dictionary := sample(bodies)
	var nameText, blocks bytes.Buffer
	nameAt, blockAt := []uint32{0}, []uint32{0}
	for i, name := range names {
		nameText.WriteString(name)
		nameAt = append(nameAt, uint32(nameText.Len()))
		w, err := flate.NewWriterDict(&blocks, flate.BestCompression, dictionary)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(bodies[i]); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		blockAt = append(blockAt, uint32(blocks.Len()))
	}
	var out bytes.Buffer
	out.WriteString(magic)
	number := func(n uint32) { out.Write(binary.LittleEndian.AppendUint32(nil, n)) }
	number(uint32(len(names)))
	number(uint32(nameText.Len()))
	number(uint32(len(dictionary)))
	for _, n := range append(nameAt, blockAt...) {
		number(n)
	}
	out.Write(nameText.Bytes())
	out.Write(dictionary)
	out.Write(blocks.Bytes())
	return out.Bytes(), nil
}

// render writes a schema with sorted keys.
func render(schema document) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(schema); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// sample takes the beginnings of types from all over the catalogue: what they have
// in common need not be repeated in their blocks.
func sample(bodies [][]byte) []byte {
	const each = 700
	step := max(1, len(bodies)*each/dictionarySize)
	var out []byte
	for i := 0; i < len(bodies); i += step {
		out = append(out, bodies[i][:min(each, len(bodies[i]))]...)
	}
	return out[max(0, len(out)-dictionarySize):]
}
