package ui

import (
	"encoding/json"
	"slices"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/timeline"
)

// tree is every run of the timeline, by their names: what branched off what.
type tree struct{ nodes []node } // in the order they began

// node is a run.
type node struct {
	run, parent string // parent is "" for a run from noise
	step        int    // of the parent, after which it begins
	recipe      string // see recipeKey
	finished    bool
}

// set takes over what the store lists, newest first.
func (t *tree) set(runs []timeline.Run) {
	known := t.nodes // begun while the store was read
	t.nodes = nil
	for _, r := range slices.Backward(runs) {
		t.put(node{r.ID, r.Parent, r.ParentStep, recipeKey(r.Request), r.End != nil && r.End.Kind == engine.Finished})
	}
	for _, n := range known {
		t.put(n)
	}
}

// add takes over how far a take is.
func (t *tree) add(k *take) {
	if k.run == "" {
		return
	}
	n := node{run: k.run, parent: k.parentRun, recipe: recipeKey(k.request), finished: k.kind == engine.Finished}
	if k.inherited > 0 {
		n.step = k.marks[k.inherited-1].step
	}
	t.put(n)
}

func (t *tree) put(n node) {
	if i := t.index(n.run); i >= 0 {
		t.nodes[i] = n
		return
	}
	t.nodes = append(t.nodes, n)
}

func (t *tree) index(run string) int {
	return slices.IndexFunc(t.nodes, func(n node) bool { return n.run == run })
}

// parent is the run that a run branched off, "" for none.
func (t *tree) parent(run string) string {
	if i := t.index(run); i >= 0 && t.index(t.nodes[i].parent) >= 0 {
		return t.nodes[i].parent
	}
	return ""
}

// children are the runs that branched off a run; those of "" began with noise.
func (t *tree) children(run string) []node {
	var kids []node
	for _, n := range t.nodes {
		if n.parent == run {
			kids = append(kids, n)
		}
	}
	return kids
}

// beside is the run before (−1) or after (1) one that has the same parent; "" for
// none.
func (t *tree) beside(run string, by int) string {
	parent := ""
	if i := t.index(run); i >= 0 {
		parent = t.nodes[i].parent
	}
	kids := t.children(parent)
	i := slices.IndexFunc(kids, func(n node) bool { return n.run == run })
	if i < 0 {
		i = len(kids)
	}
	if i += by; i < 0 || i >= len(kids) {
		return ""
	}
	return kids[i].run
}

// of is the finished run that made a kept picture, "" when it isn't there. One
// recipe makes one picture, from noise; of branches the step must be the same too.
func (t *tree) of(p gallery.Picture) string {
	key := recipeKey(p.Request)
	for _, n := range slices.Backward(t.nodes) {
		if n.finished && n.recipe == key && made(n, p) {
			return n.run
		}
	}
	return ""
}

// made reports whether a run and a picture of one recipe began in the same way.
func made(n node, p gallery.Picture) bool {
	if p.How == gallery.Branch {
		return n.parent != "" && n.step == p.Step
	}
	return n.parent == ""
}

// recipeKey is the same for requests that make the same picture.
func recipeKey(r engine.Request) string {
	r.Template, r.NegativeTemplate = "", ""
	if r.Precision == engine.Float32 {
		r.Precision = ""
	}
	key, err := json.Marshal(r)
	if err != nil {
		return "" // never: a request has no value that JSON lacks once it is checked
	}
	return string(key)
}

// recent is the takes shown last, the newest at the end. They are at hand without
// reading their steps from the disk.
type recent []*take

// maxRecent bounds the memory that their looks take.
const maxRecent = 8

func (r *recent) add(t *take) {
	*r = append(slices.DeleteFunc(*r, func(o *take) bool { return o == t }), t)
	if n := len(*r) - maxRecent; n > 0 {
		for _, old := range (*r)[n:] {
			if old.parent != nil && !slices.Contains((*r)[n:], old.parent) {
				old.parent = nil
			}
		}
		*r = slices.Delete(*r, 0, n)
	}
}

// find is the newest take for which something holds, or nil.
func (r recent) find(holds func(*take) bool) *take {
	for _, t := range slices.Backward(r) {
		if holds(t) {
			return t
		}
	}
	return nil
}
