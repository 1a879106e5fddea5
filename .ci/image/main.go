// Command image makes the image of hookproof, for two platforms, without a container engine:
//
//	go run ./.ci/image -time UNIX-SECONDS -version VERSION -commit COMMIT -out dist/image amd64=TREE,BINARY arm64=TREE,BINARY
//
// TREE is a directory with what the image has beside BINARY. The image is an OCI layout, the same bytes for the same files. It
// exits 1 if what is pulled of a platform is larger than an image may be. With -unpack ARCHITECTURE it writes that platform's
// files to standard output, as a tar.
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// limit is the size of all that is pulled for one platform.
const limit = 20_000_000

func main() {
	seconds := flag.Int64("time", 0, "when the commit was made, in Unix seconds")
	version := flag.String("version", "", "the version, for the image's labels")
	commit := flag.String("commit", "", "the commit, for the image's labels")
	source := flag.String("source", "", "the repository's URL, for the image's labels")
	out := flag.String("out", "dist/image", "the directory to write the image's layout into")
	unpacked := flag.String("unpack", "", "write this architecture's files to standard output, from the layout in -out")
	flag.Parse()
	if *unpacked != "" {
		end(unpack(*out, *unpacked))
		return
	}
	labels := map[string]string{
		"org.opencontainers.image.title":    "hookproof",
		"org.opencontainers.image.version":  *version,
		"org.opencontainers.image.revision": *commit,
		"org.opencontainers.image.source":   *source,
		"org.opencontainers.image.licenses": "MIT",
	}
	end(write(*out, flag.Args(), time.Unix(*seconds, 0).UTC(), labels))
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func unpack(from, architecture string) error {
	index, err := layout.ImageIndexFromPath(from)
	if err != nil {
		return err
	}
	images, err := partial.FindImages(index, match.Platforms(v1.Platform{OS: "linux", Architecture: architecture}))
	if err != nil {
		return err
	}
	if len(images) != 1 {
		return fmt.Errorf("%s has %d images for linux/%s", from, len(images), architecture)
	}
	files := mutate.Extract(images[0])
	defer func() { _ = files.Close() }()
	_, err = io.Copy(os.Stdout, files)
	return err
}

func write(out string, platforms []string, made time.Time, labels map[string]string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range platforms {
		architecture, files, is := strings.Cut(platform, "=")
		tree, binary, both := strings.Cut(files, ",")
		if !is || !both {
			return fmt.Errorf("%q is not ARCHITECTURE=TREE,BINARY", platform)
		}
		image, err := imageOf(architecture, tree, binary, made, labels)
		if err != nil {
			return fmt.Errorf("%s: %w", architecture, err)
		}
		pulled, err := sizeOf(image)
		if err != nil {
			return err
		}
		fmt.Printf("image linux/%s: %.1f MB\n", architecture, float64(pulled)/1e6)
		if pulled > limit {
			return fmt.Errorf("linux/%s is %d bytes, and may be %d", architecture, pulled, limit)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	_, err := layout.Write(out, index)
	return err
}

// imageOf returns the image of one platform. The tree is a layer of its own, since it changes less often than the binary.
func imageOf(architecture, tree, binary string, made time.Time, labels map[string]string) (v1.Image, error) {
	layers := make([]v1.Layer, 2)
	for i, add := range []func(*tar.Writer) error{
		func(to *tar.Writer) error { return addTree(to, tree, made) },
		func(to *tar.Writer) error { return addFile(to, binary, "usr/bin/hookproof", made) },
	} {
		var raw bytes.Buffer
		to := tar.NewWriter(&raw)
		if err := add(to); err != nil {
			return nil, err
		}
		if err := to.Close(); err != nil {
			return nil, err
		}
		var err error
		if layers[i], err = tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(raw.Bytes())), nil
		}, tarball.WithCompressionLevel(9), tarball.WithMediaType(types.OCILayer)); err != nil {
			return nil, err
		}
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layers...)
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = "linux", architecture, v1.Time{Time: made}
	file.Config = v1.Config{
		User:       "65532:65532",
		WorkingDir: "/work",
		Entrypoint: []string{"/usr/bin/hookproof"},
		Cmd:        []string{"--help"},
		Env:        []string{"PATH=/usr/bin:/bin"},
		Labels:     labels,
	}
	return mutate.ConfigFile(image, file)
}

// sizeOf returns what a pull of an image transfers.
func sizeOf(image v1.Image) (int64, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return 0, err
	}
	size := manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	return size, nil
}

// addTree adds a directory's files in their order, as root's and of one time.
func addTree(to *tar.Writer, tree string, made time.Time) error {
	return filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		name, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		return addFile(to, path, name, made)
	})
}

func addFile(to *tar.Writer, path, name string, made time.Time) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	var link string
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name, header.ModTime, header.Format = name, made, tar.FormatPAX
	header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
	if err := to.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(to, file)
	return err
}
