package functions

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func hexOf(archive []byte) string {
	sum := sha256.Sum256(archive)
	return hex.EncodeToString(sum[:12])
}

// unpack writes an archive's files below root, which it makes whole or not at all.
func unpack(archive []byte, root string) error {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return fmt.Errorf("reading the function's archive: %w", err)
	}
	partial := root + ".partial"
	if err := errors.Join(os.RemoveAll(partial), os.MkdirAll(partial, 0o700)); err != nil {
		return err
	}
	// No name of the archive leads out of the folder.
	folder, err := os.OpenRoot(partial)
	if err != nil {
		return err
	}
	defer folder.Close()
	left := int64(largestCode)
	for _, file := range r.File {
		if err := extract(folder, file, &left); err != nil {
			return fmt.Errorf("unpacking %s of the function's archive: %w", file.Name, err)
		}
	}
	return os.Rename(partial, root)
}

func extract(folder *os.Root, file *zip.File, left *int64) error {
	name := filepath.FromSlash(file.Name)
	switch mode := file.Mode(); {
	case mode.IsDir():
		return folder.MkdirAll(filepath.Clean(name), 0o755)
	case !mode.IsRegular():
		return fmt.Errorf("it is neither a file nor a folder")
	}
	if dir := filepath.Dir(name); dir != "." {
		if err := folder.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := folder.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, file.Mode().Perm()|0o400)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, *left+1))
	*left -= n
	if *left < 0 {
		err = fmt.Errorf("the code is larger than %d bytes", largestCode)
	}
	return errors.Join(err, out.Close())
}
