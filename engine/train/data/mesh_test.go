package data

import (
	"image/color"
	"strings"
	"testing"
	"testing/fstest"
)

// cube is one of which each side has another colour than its neighbours.
func cube() fstest.MapFS {
	return fstest.MapFS{
		"a/cube.obj": {Data: []byte(`mtllib cube.mtl
v -1 -1 -1
v 1 -1 -1
v 1 1 -1
v -1 1 -1
v -1 -1 1
v 1 -1 1
v 1 1 1
v -1 1 1
usemtl front
f 5 6 7 8
usemtl back
f 1 2 3 4
usemtl right
f 2 3 -2 -3
usemtl left
f 1 5 8 4
usemtl top
f 4 3 7 8
f 1 2 6 5
`)},
		"a/cube.mtl": {Data: []byte("newmtl front\nKd 1 0 0\nnewmtl back\nKd 0 0 1\nnewmtl right\nKd 0 1 0\nnewmtl left\nKd 1 1 0\nnewmtl top\nKd 1 1 1\n")},
	}
}

// The colour in the middle tells from which side a cube is seen.
func TestViews(t *testing.T) {
	m, err := readMesh(cube(), "a/cube.obj")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.triangles) != 12 {
		t.Fatalf("%d triangles, want 12", len(m.triangles))
	}
	for _, v := range views {
		im := m.render(v, nil)
		c := im.NRGBAAt(rasterSize/2, rasterSize*6/10)
		got := colourWord(float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
		want := map[string]string{"from the front": "red", "from behind": "blue"}[v.says]
		if want != "" && got != want {
			t.Errorf("%s (%+v) a cube is %q, want %q", v.says, v, got, want)
		}
		if v.says == "from the side" && got != "green" && got != "yellow" {
			t.Errorf("%s a cube is %q", v.says, got)
		}
		if c := im.NRGBAAt(1, 1); c != (color.NRGBA{}) {
			t.Errorf("the corner is %v, want nothing", c)
		}
	}
}

func TestMeshErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "no surface",
		"v 1 2 3\nf 1 2 3":               `corner "2" is none of 1`,
		"v 1 2 3\nf 1 x 1":               `corner "x"`,
		"v 1 2 3\nf 1 1 0":               `corner "0"`,
		"mtllib none.mtl\nv 1 2 3":       "none.mtl",
		"v 0 0 0\nv 0 0 0\nf 1 /2 2/1/1": "has no point",
	} {
		_, err := readMesh(fstest.MapFS{"m.obj": {Data: []byte(text)}}, "m.obj")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

// FuzzMesh: whatever a file says, it is read or refused, and what is read can be
// drawn.
func FuzzMesh(f *testing.F) {
	files := cube()
	f.Add(files["a/cube.obj"].Data, files["a/cube.mtl"].Data)
	f.Add([]byte("v NaN Inf 1e308\nv 1 1 1\nv 2 2 3\nvt 1 1\nvn 0 0 0\nf 1/1/1 2/1/1 3/1/1"), []byte("newmtl a\nd -7\nmap_Kd a.png"))
	f.Fuzz(func(t *testing.T, obj, mtl []byte) {
		m, err := readMesh(fstest.MapFS{"a/cube.obj": {Data: obj}, "a/cube.mtl": {Data: mtl}}, "a/cube.obj")
		if err == nil && len(m.triangles) < 1000 {
			m.render(views[1], []float64{1, 0, 0, 0, 0, 1, 0, -1, 0})
		}
	})
}

func FuzzRights(f *testing.F) {
	f.Add([]byte(`<svg><metadata><RDF><Work><creator><Agent><title>A</title></Agent></creator><license resource="PublicDomain"/></Work></RDF></metadata></svg>`))
	f.Fuzz(func(t *testing.T, svg []byte) { rights(svg) })
}

func TestRights(t *testing.T) {
	free, made := rights([]byte(`<svg xmlns:rdf="r" xmlns:cc="c"><metadata><rdf:RDF><cc:Work><dc:creator><cc:Agent><dc:title> A. Painter </dc:title></cc:Agent></dc:creator>
<cc:license rdf:resource="some/PublicDomain"/></cc:Work></rdf:RDF></metadata></svg>`))
	if !free || made != "A. Painter" {
		t.Errorf("free is %v and the maker %q", free, made)
	}
	if free, _ := rights([]byte(`<svg><metadata/></svg>`)); free {
		t.Error("what says nothing is free")
	}
}
