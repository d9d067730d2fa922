package dashboard

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"
	"testing"
)

// small writes a picture with a palette of its 256 most frequent colours, which
// for a page of flat colours nobody sees and takes a third of the bytes.
func small(t *testing.T, picture []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	paletted := image.NewPaletted(full.Bounds(), frequent(full, 256))
	draw.Draw(paletted, full.Bounds(), full, full.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, paletted); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// frequent are the n most frequent colours. Those that differ in the last two bits
// only count as one, so that shadows do not use up the palette.
func frequent(picture image.Image, n int) color.Palette {
	counts, first := map[color.RGBA]int{}, map[color.RGBA]color.RGBA{}
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
			rough := color.RGBA{c.R &^ 3, c.G &^ 3, c.B &^ 3, c.A}
			if counts[rough]++; counts[rough] == 1 {
				first[rough] = c
			}
		}
	}
	var order []color.RGBA
	for rough := range counts {
		order = append(order, rough)
	}
	slices.SortFunc(order, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, rough := range order[:min(n, len(order))] {
		palette = append(palette, first[rough])
	}
	return palette
}

func TestPictureInFewColoursKeepsThem(t *testing.T) {
	full := image.NewRGBA(image.Rect(0, 0, 40, 10))
	for x := range 40 {
		for y := range 10 {
			full.Set(x, y, color.RGBA{uint8(x * 6), 200, 10, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, full); err != nil {
		t.Fatal(err)
	}
	reduced, err := png.Decode(bytes.NewReader(small(t, out.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	for x := range 40 {
		if got, want := color.RGBAModel.Convert(reduced.At(x, 5)), full.At(x, 5); got != want {
			t.Errorf("column %d is %v, want %v", x, got, want)
		}
	}
}
