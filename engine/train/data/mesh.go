package data

import (
	"bufio"
	"fmt"
	"image"
	_ "image/gif"  // formats of
	_ "image/jpeg" // textures
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// vec is a point or a direction in space: right, up, towards the viewer.
type vec [3]float64

// material is how a surface looks.
type material struct {
	diffuse vec     // colour
	opacity float64 // 0…1
	texture *image.NRGBA
}

// triangle is three corners: indices into the mesh's points, texture places and
// normals, the latter two −1 where there are none.
type triangle struct {
	point, place, normal [3]int
	material             *material
}

// mesh is a model's surface.
type mesh struct {
	points, normals []vec
	places          [][2]float64
	triangles       []triangle
}

// maxTriangles bounds what a file can ask for; the largest model has a fifth.
const maxTriangles = 1 << 20

// readMesh reads a Wavefront OBJ file with its materials and textures from files.
func readMesh(files fs.FS, name string) (*mesh, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := &mesh{}
	materials := map[string]*material{}
	current := &material{diffuse: vec{0.8, 0.8, 0.8}, opacity: 1}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "v":
			m.points = append(m.points, numbers(fields[1:]))
		case "vn":
			m.normals = append(m.normals, numbers(fields[1:]))
		case "vt":
			v := numbers(fields[1:])
			m.places = append(m.places, [2]float64{v[0], v[1]})
		case "mtllib":
			if err := readMaterials(files, path.Join(path.Dir(name), strings.Join(fields[1:], " ")), materials); err != nil {
				return nil, err
			}
		case "usemtl":
			if known := materials[fields[1]]; known != nil {
				current = known
			}
		case "f":
			if err := m.polygon(fields[1:], current); err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", name, n, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(m.triangles) == 0 {
		return nil, fmt.Errorf("%s has no surface", name)
	}
	return m, nil
}

// numbers are the first three of a line, 0 for those that it lacks.
func numbers(fields []string) (v vec) {
	for i := range min(len(fields), 3) {
		v[i], _ = strconv.ParseFloat(fields[i], 64)
	}
	return v
}

// polygon adds a face, as a fan of triangles.
func (m *mesh) polygon(corners []string, of *material) error {
	var fan [][3]int
	for _, c := range corners {
		index := [3]int{-1, -1, -1}
		for i, s := range strings.SplitN(c, "/", 3) {
			if s == "" {
				continue
			}
			n, err := strconv.Atoi(s)
			count := [3]int{len(m.points), len(m.places), len(m.normals)}[i]
			if n < 0 { // counted from the last
				n += count + 1
			}
			if err != nil || n < 1 || n > count {
				if i == 0 {
					return fmt.Errorf("the corner %q is none of %d points", c, count)
				}
				continue
			}
			index[i] = n - 1
		}
		if index[0] < 0 {
			return fmt.Errorf("the corner %q has no point", c)
		}
		fan = append(fan, index)
	}
	for i := 2; i < len(fan); i++ {
		t := triangle{material: of}
		for k, c := range [3][3]int{fan[0], fan[i-1], fan[i]} {
			t.point[k], t.place[k], t.normal[k] = c[0], c[1], c[2]
		}
		m.triangles = append(m.triangles, t)
	}
	if len(m.triangles) > maxTriangles {
		return fmt.Errorf("more than %d triangles", maxTriangles)
	}
	return nil
}

// readMaterials reads a Wavefront MTL file into all. A texture that can't be read
// leaves the material with its colour.
func readMaterials(files fs.FS, name string, all map[string]*material) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	var m *material
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if fields[0] == "newmtl" {
			m = &material{diffuse: vec{0.8, 0.8, 0.8}, opacity: 1}
			all[fields[1]] = m
		}
		if m == nil {
			continue
		}
		switch fields[0] {
		case "Kd":
			m.diffuse = numbers(fields[1:])
		case "d":
			m.opacity = numbers(fields[1:])[0]
		case "map_Kd":
			m.texture, _ = readTexture(files, path.Join(path.Dir(name), fields[len(fields)-1]))
		}
	}
	return nil
}

// maxTexture is the most pixels that a texture may have.
const maxTexture = 1 << 24

func readTexture(files fs.FS, name string) (*image.NRGBA, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	head, _, err := image.DecodeConfig(f)
	f.Close()
	if err != nil {
		return nil, err
	}
	if head.Width < 1 || head.Height < 1 || head.Width*head.Height > maxTexture {
		return nil, fmt.Errorf("%s has %d×%d pixels", name, head.Width, head.Height)
	}
	if f, err = files.Open(name); err != nil {
		return nil, err
	}
	defer f.Close()
	im, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	return toNRGBA(im), nil
}
