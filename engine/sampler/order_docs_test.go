package sampler

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

const (
	docs       = "../../docs/samplers.md"
	plotFile   = "../../docs/samplers.png"
	tableBegin = "<!-- measured: begin -->\n"
	tableEnd   = "<!-- measured: end -->\n"
)

// document writes the measurements into docs/samplers.md and draws their plot.
func document(t *testing.T, all []measurement) {
	t.Helper()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, found := strings.Cut(rest, tableEnd)
	if !ok || !found {
		t.Fatalf("%s has no place for the table, between %q and %q", docs, tableBegin, tableEnd)
	}
	if err := os.WriteFile(docs, []byte(before+tableBegin+table(all)+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(plotFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, plot(all)); err != nil {
		t.Fatal(err)
	}
}

// table is the measurements in Markdown.
func table(all []measurement) string {
	var b strings.Builder
	b.WriteString("| sampler | estimates per step | order |")
	for _, n := range orderSteps {
		fmt.Fprintf(&b, " error in %d steps |", n)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(orderSteps)) + "\n")
	for _, m := range all {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f |", Label(m.name), m.estimates, m.order)
		for _, e := range m.errors {
			fmt.Fprintf(&b, " %.1e |", e)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// plotted is the samplers in the plot, which has no room for all.
var plotted = []string{
	"lcm", "euler_ancestral", "euler", "dpm_2_ancestral", "dpmpp_2s_ancestral", "heun",
	"dpmpp_3m_sde", "dpmpp_2m_sde", "dpmpp_2m", "uni_pc", "lms", "deis",
}

// plot draws the errors over the number of estimates, both on logarithmic scales.
func plot(all []measurement) image.Image {
	const (
		width, height             = 900, 560
		left, right, top, bottom  = 70, 180, 20, 50
		fewest, most              = 10.0, 400.0
		largest, smallest         = 1.0, 1e-6
		textWidth, textHeight, up = 7, 13, 4
	)
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	x := func(estimates float64) float64 {
		return left + (width-left-right)*math.Log(estimates/fewest)/math.Log(most/fewest)
	}
	y := func(e float64) float64 {
		return top + (height-top-bottom)*math.Log(largest/max(e, smallest))/math.Log(largest/smallest)
	}
	write := func(px, py float64, text string, c color.Color) {
		d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(int(px), int(py))}
		d.DrawString(text)
	}
	line := func(x0, y0, x1, y1 float64, c color.Color, thick int) {
		n := int(math.Max(math.Abs(x1-x0), math.Abs(y1-y0))) + 1
		for i := range n + 1 {
			f := float64(i) / float64(n)
			for dx := range thick {
				for dy := range thick {
					img.Set(int(x0+f*(x1-x0))+dx, int(y0+f*(y1-y0))+dy, c)
				}
			}
		}
	}
	grid, ink := color.Gray{225}, color.Gray{60}
	for _, n := range []float64{10, 20, 50, 100, 200, 400} {
		line(x(n), top, x(n), height-bottom, grid, 1)
		write(x(n)-textWidth, height-bottom+textHeight+up, fmt.Sprint(n), ink)
	}
	for e := largest; e >= smallest*0.99; e /= 10 {
		line(left, y(e), width-right, y(e), grid, 1)
		write(left-6*textWidth, y(e)+up, fmt.Sprintf("%.0e", e), ink)
	}
	write((width-right+left)/2-10*textWidth, height-textHeight+up, "estimates of the model", ink)
	write(left+textWidth, top+textHeight, "error", ink)
	colours := []color.RGBA{
		{120, 120, 120, 255},
		{214, 39, 40, 255},
		{31, 119, 180, 255},
		{255, 127, 14, 255},
		{44, 160, 44, 255},
		{148, 103, 189, 255},
		{140, 86, 75, 255},
		{227, 119, 194, 255},
		{0, 0, 0, 255},
		{188, 150, 34, 255},
		{23, 190, 207, 255},
		{70, 70, 220, 255},
	}
	for k, name := range plotted {
		m := all[slices.IndexFunc(all, func(m measurement) bool { return m.name == name })]
		for i := range m.errors {
			at := func(i int) (float64, float64) {
				return x(m.estimates * float64(orderSteps[i])), y(m.errors[i])
			}
			px, py := at(i)
			if i > 0 {
				qx, qy := at(i - 1)
				line(qx, qy, px, py, colours[k], 2)
			}
			for d := -3; d <= 4; d++ {
				line(px-3, py+float64(d), px+4, py+float64(d), colours[k], 1)
			}
		}
		py := float64(top + 10 + k*(textHeight+6))
		line(width-right+12, py-4, width-right+32, py-4, colours[k], 3)
		write(width-right+38, py, Label(name), ink)
	}
	return img
}
