// Command picture makes docs/report.png, the picture of a report that docs/report.md shows, from docs/report.json, a
// run of hookproof on examples/shop:
//
//	go run ./.ci/picture         the picture, after the report's page has changed
//	go run ./.ci/picture -run    a new run first, after the checks have changed; it takes a minute
//
// It needs Debian's package chromium, and -run needs Node 20 and port 3000. The picture holds the hash of the page that it
// is of, by which go test ./report knows whether it is stale.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"example.com/hookproof/hookproof/report"
	"example.com/hookproof/hookproof/result"
	"example.com/hookproof/pgserver"
)

const (
	run     = "docs/report.json"
	picture = "docs/report.png"
	keyword = "hookproof-page" // of the picture's text that holds the hash
	scale   = 2                // pixels of the picture for one of the page
	width   = 840              // of the page
	height  = 1440
)

// shop runs hookproof on the shop, as an operator would have it: no stack trace goes to strangers.
const shop = `set -e
npm ci --prefix examples/shop --ignore-scripts --no-audit --no-fund
cd examples/shop
NODE_ENV=production STRIPE_WEBHOOK_SECRET=whsec_shop node server.js >app.log 2>&1 &
trap 'kill $!' EXIT
curl -sS --retry 60 --retry-delay 1 --retry-connrefused -o app.first -X POST http://127.0.0.1:3000/orders
code=0
go run ../../cmd/hookproof check --target hookproof.json --seed 20261125 --only ack-policy,idempotence/redelivered,meaning --json ../../` + run + ` || code=$?
[ $code = 1 ]`

func main() {
	again := flag.Bool("run", false, "run hookproof on examples/shop first, and keep the run in "+run)
	flag.Parse()
	err := error(nil)
	if *again {
		err = runShop(context.Background())
	}
	if err == nil {
		err = draws(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func runShop(ctx context.Context) error {
	server, err := pgserver.Start(ctx, pgserver.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	if err := server.CreateDatabase(ctx, "shop", ""); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "bash", "-c", shop)
	command.Env = append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+strconv.Itoa(server.Port()), "PGUSER=postgres",
		"PGPASSWORD="+server.Password(), "PGDATABASE=shop")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	return command.Run()
}

// draws has chromium draw the page of the run that is kept.
func draws(ctx context.Context) error {
	raw, err := os.ReadFile(run)
	if err != nil {
		return err
	}
	var r result.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.HTML(&page, r); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "hookproof-picture-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file, shot := filepath.Join(folder, "page.html"), filepath.Join(folder, "page.png")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		return err
	}
	chromium := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--user-data-dir="+folder,
		fmt.Sprintf("--force-device-scale-factor=%d", scale), fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+shot, "file://"+file)
	if said, err := chromium.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium (Debian's package is chromium): %w: %s", err, said)
	}
	drawn, err := os.ReadFile(shot)
	if err != nil {
		return err
	}
	small, err := compressed(drawn)
	if err != nil {
		return err
	}
	return os.WriteFile(picture, withText(small, keyword, fmt.Sprintf("%x", sha256.Sum256(page.Bytes()))), 0o644)
}

// compressed is a PNG without its alpha channel, as small as it gets.
func compressed(raw []byte) ([]byte, error) {
	drawn, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	opaque := image.NewRGBA(drawn.Bounds())
	draw.Draw(opaque, opaque.Bounds(), drawn, drawn.Bounds().Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, opaque)
	return out.Bytes(), err
}

// withText puts a chunk of text behind a PNG's header.
func withText(raw []byte, name, text string) []byte {
	const header = 8 + 4 + 4 + 13 + 4 // the signature and IHDR
	chunk := append([]byte("tEXt"+name+"\x00"), text...)
	var with bytes.Buffer
	with.Write(raw[:header])
	_ = binary.Write(&with, binary.BigEndian, uint32(len(chunk)-4))
	with.Write(chunk)
	_ = binary.Write(&with, binary.BigEndian, crc32.ChecksumIEEE(chunk))
	with.Write(raw[header:])
	return with.Bytes()
}
