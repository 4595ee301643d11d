package gallery

import (
	"context"
)

// Children lists the pictures that came from one, the newest first.
func (g *Gallery) Children(ctx context.Context, id string) ([]Picture, error) {
	var children []Picture
	q := Query{Parent: id}
	for {
		page, err := g.Search(ctx, q)
		if err != nil {
			return nil, err
		}
		children = append(children, page.Pictures...)
		if !page.More {
			return children, nil
		}
		q.After = page.Next
	}
}

// Ancestors lists the pictures that one came from: its parent, the parent's
// parent and so on, as far as they are still there.
func (g *Gallery) Ancestors(ctx context.Context, id string) ([]Picture, error) {
	var ancestors []Picture
	seen := map[string]bool{} // files may claim a circle
	for !seen[id] {
		seen[id] = true
		found, err := g.Get(ctx, id)
		if err != nil || len(found) == 0 {
			return ancestors, err
		}
		if len(seen) > 1 {
			ancestors = append(ancestors, found[0])
		}
		if id = found[0].Parent; id == "" {
			break
		}
	}
	return ancestors, nil
}
