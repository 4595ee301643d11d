package download

import (
	"context"
	"path/filepath"
	"time"

	"darkroom/engine/models"
)

// Into fetches what a source offers into the folder to, and remembers in the library
// where it came from. It returns the path of the file, or of the model folder.
func (c *Client) Into(ctx context.Context, l *models.Library, to string, o *Offer, told func(Progress)) (string, error) {
	folder, path := to, filepath.Join(to, o.Name)
	if o.Folder {
		folder = path
	}
	if err := c.Fetch(ctx, folder, o.Files, told); err != nil {
		return "", err
	}
	from := models.Origin{Source: o.Source, Licence: o.Licence.Name, Time: time.Now().UTC().Truncate(time.Second)}
	if o.Folder {
		for _, f := range o.Files {
			from.Files = append(from.Files, f.Name)
		}
	}
	return path, l.Downloaded(path, from)
}
