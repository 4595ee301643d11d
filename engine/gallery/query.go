package gallery

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"darkroom/engine/recipe"
)

// Sort is the order of what is found.
type Sort int

// The orders there are.
const (
	Newest Sort = iota
	Oldest
	BestRated // and the newest first among equals
)

// Query says which pictures are looked for. What is zero is not asked for; all
// that is asked for must be so.
type Query struct {
	// Words, or the beginnings of words, all of which are in the prompt, the
	// negative prompt or the tags; "some words" in quotation marks follow each
	// other. Neither case nor accents matter.
	Text string

	Favourite   bool
	MinRating   int
	Tags        []string // all of these; case doesn't matter
	Collections []string // all of these

	Model, Sampler, Schedule string
	Seed                     *uint64
	MinSteps, MaxSteps       int
	MinGuidance, MaxGuidance float64
	Width, Height            int       // of the picture, in pixels
	Since, Until             time.Time // when it was kept: from Since until before Until
	HasParent                bool
	Parent                   string // it came from this picture

	Sort  Sort
	After Cursor // where an earlier page ended
	Limit int    // pictures of a page; 0 is 100
}

// Cursor is a place between two pictures in the order of a query, whatever is
// added or taken away; the zero Cursor is before the first.
type Cursor struct{ n, rating int }

// Page is a part of what is found.
type Page struct {
	Pictures []Picture
	Next     Cursor // for Query.After
	More     bool   // there are more after these
}

// Search finds a page of pictures. Nothing is read but the index.
func (g *Gallery) Search(ctx context.Context, q Query) (page Page, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	err = g.with(func(db *sql.DB) (err error) {
		found := q.conditions()
		page.Pictures, err = g.pictures(ctx, db, found.numbers(true, limit+1), found.args, q.Sort)
		return err
	})
	if err != nil {
		return Page{}, g.unsearched(err)
	}
	if page.More = len(page.Pictures) > limit; page.More {
		page.Pictures = page.Pictures[:limit]
	}
	if len(page.Pictures) > 0 {
		last := page.Pictures[len(page.Pictures)-1]
		page.Next.n, _ = number(last.ID)
		page.Next.rating = last.Rating
	}
	return page, nil
}

// IDs lists what is found by name alone, all of it: what a list needs to know
// of pictures that are not in sight, and what "all" is to be chosen from.
func (g *Gallery) IDs(ctx context.Context, q Query) (ids []string, err error) {
	err = g.with(func(db *sql.DB) error {
		found := q.conditions()
		// One row with all numbers takes a third of the time of many rows. SQLite keeps the
		// order of a subquery for group_concat.
		var list sql.RawBytes
		rows, err := db.QueryContext(ctx, "SELECT group_concat(n, ' ') FROM ("+found.numbers(true, 0)+")", found.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		ids = nil
		for rows.Next() {
			if err := rows.Scan(&list); err != nil {
				return err
			}
			ids = names(list)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, g.unsearched(err)
	}
	return ids, nil
}

// names is the names of numbers with blanks between, all in one piece of memory.
func names(numbers []byte) []string {
	if len(numbers) == 0 {
		return nil
	}
	ids := make([]string, 0, bytes.Count(numbers, []byte{' '})+1)
	var all strings.Builder
	all.Grow(cap(ids) * len(name(0)))
	for len(numbers) > 0 {
		number, rest, _ := bytes.Cut(numbers, []byte{' '})
		begin := all.Len()
		for range len("00000") - len(number) {
			all.WriteByte('0')
		}
		all.Write(number)
		all.WriteString(".png")
		ids = append(ids, all.String()[begin:])
		numbers = rest
	}
	return ids
}

// Get finds pictures by their names, newest first; those that aren't there are left out.
func (g *Gallery) Get(ctx context.Context, ids ...string) (pictures []Picture, err error) {
	var numbers []int
	for _, id := range ids {
		if n, ok := number(id); ok {
			numbers = append(numbers, n)
		}
	}
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, err
	}
	err = g.with(func(db *sql.DB) (err error) {
		pictures, err = g.pictures(ctx, db, "SELECT value AS n FROM json_each(?)", []any{string(list)}, Newest)
		return err
	})
	if err != nil {
		return nil, g.unsearched(err)
	}
	return pictures, nil
}

// Count is how many pictures are found, on all pages.
func (g *Gallery) Count(ctx context.Context, q Query) (n int, err error) {
	q.After = Cursor{}
	err = g.with(func(db *sql.DB) error {
		found := q.conditions()
		return db.QueryRowContext(ctx, "SELECT count(*) FROM ("+found.numbers(false, 0)+")", found.args...).Scan(&n)
	})
	if err != nil {
		return 0, g.unsearched(err)
	}
	return n, nil
}

// List brings the index up to date and lists all pictures, newest first. The
// error names those that can't be read; the others are listed all the same.
func (g *Gallery) List() (pictures []Picture, err error) {
	trouble := g.Sync(g.ctx)
	err = g.with(func(db *sql.DB) (err error) {
		pictures, err = g.pictures(g.ctx, db, "SELECT n FROM picture", nil, Newest)
		return err
	})
	if err != nil {
		return nil, g.unsearched(err)
	}
	return pictures, trouble
}

// Facet is a property that pictures share.
type Facet int

// What a list can be made of for choosing from.
const (
	ByTag Facet = iota
	ByCollection
	ByModel
	BySampler
	BySchedule
)

// Value is one value of a Facet.
type Value struct {
	Name  string
	Count int // pictures
}

// Values lists the values there are, by name.
func (g *Gallery) Values(ctx context.Context, of Facet) (values []Value, err error) {
	query, args := "", []any(nil)
	switch of {
	case ByTag:
		query, args = "SELECT name, count(*) FROM label WHERE kind = ? GROUP BY name ORDER BY name", []any{tagLabel}
	case ByCollection:
		query, args = "SELECT name, count(*) FROM label WHERE kind = ? GROUP BY name ORDER BY name", []any{collectionLabel}
	default:
		column, ok := map[Facet]string{ByModel: "model", BySampler: "sampler", BySchedule: "schedule"}[of]
		if !ok {
			return nil, fmt.Errorf("there is no facet %d", of)
		}
		query = "SELECT " + column + ", count(*) FROM picture GROUP BY 1 ORDER BY 1"
	}
	err = g.with(func(db *sql.DB) error {
		values = nil
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v Value
			if err := rows.Scan(&v.Name, &v.Count); err != nil {
				return err
			}
			values = append(values, v)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, g.unsearched(err)
	}
	return values, nil
}

func (g *Gallery) unsearched(err error) error {
	return fmt.Errorf("the gallery %s can't be searched: %w", g.dir, err)
}

// conditions is a query on its way to SQL.
type conditions struct {
	tables, key string // key is the column with the number
	order       string
	where       []string
	args        []any
}

func (c *conditions) and(condition string, args ...any) {
	c.where = append(c.where, condition)
	c.args = append(c.args, args...)
}

func (q Query) conditions() *conditions {
	c := &conditions{tables: "picture", key: "picture.n"}
	if match := terms(q.Text); match != "" {
		// From the words to the pictures, never the other way round.
		c.tables, c.key = "words", "words.rowid"
		c.and("words MATCH ?", match)
		if q.needsPicture() {
			c.tables = "words CROSS JOIN picture ON picture.n = words.rowid"
		}
	}
	if q.Favourite {
		c.and("favourite")
	}
	if q.MinRating > 0 {
		c.and("rating >= ?", q.MinRating)
	}
	labelled := c.key
	if c.tables != "picture" {
		labelled = "+" + c.key // or the words would be looked for anew for each number
	}
	for _, t := range q.Tags {
		c.and(labelled+" IN (SELECT n FROM label WHERE kind = ? AND name = ?)", tagLabel, t)
	}
	for _, t := range q.Collections {
		c.and(labelled+" IN (SELECT n FROM label WHERE kind = ? AND name = ?)", collectionLabel, t)
	}
	for _, s := range []struct{ column, value string }{{"model", q.Model}, {"sampler", q.Sampler}, {"schedule", q.Schedule}} {
		if s.value != "" {
			c.and(s.column+" = ?", s.value)
		}
	}
	if q.Seed != nil {
		c.and("seed = ?", int64(*q.Seed))
	}
	for _, s := range []struct {
		condition string
		value     int
	}{{"steps >= ?", q.MinSteps}, {"steps <= ?", q.MaxSteps}, {"width = ?", q.Width}, {"height = ?", q.Height}} {
		if s.value != 0 {
			c.and(s.condition, s.value)
		}
	}
	if q.MinGuidance != 0 {
		c.and("guidance >= ?", q.MinGuidance)
	}
	if q.MaxGuidance != 0 {
		c.and("guidance <= ?", q.MaxGuidance)
	}
	if !q.Since.IsZero() {
		c.and("kept >= ?", q.Since.UnixMilli())
	}
	if !q.Until.IsZero() {
		c.and("kept < ?", q.Until.UnixMilli())
	}
	if q.HasParent {
		c.and("parent")
	}
	if q.Parent != "" {
		n, _ := number(q.Parent) // 0 is nobody's parent
		c.and("parent AND parent = ?", n)
	}
	switch q.Sort {
	case Oldest:
		c.order = c.key
		if q.After != (Cursor{}) {
			c.and(c.key+" > ?", q.After.n)
		}
	case BestRated:
		c.order = "rating DESC, " + c.key + " DESC"
		if q.After != (Cursor{}) {
			c.and("(rating, "+c.key+") < (?, ?)", q.After.rating, q.After.n)
		}
	default:
		c.order = c.key + " DESC"
		if q.After != (Cursor{}) {
			c.and(c.key+" < ?", q.After.n)
		}
	}
	return c
}

// needsPicture says whether words alone don't answer.
func (q Query) needsPicture() bool {
	return q.Sort == BestRated || q.Favourite || q.MinRating > 0 || q.Model != "" || q.Sampler != "" || q.Schedule != "" ||
		q.Seed != nil || q.MinSteps != 0 || q.MaxSteps != 0 || q.MinGuidance != 0 || q.MaxGuidance != 0 ||
		q.Width != 0 || q.Height != 0 || !q.Since.IsZero() || !q.Until.IsZero() || q.HasParent || q.Parent != ""
}

// numbers selects the numbers of what is found, in order if that matters; a limit
// of 0 is none.
func (c *conditions) numbers(ordered bool, limit int) string {
	query := "SELECT " + c.key + " AS n FROM " + c.tables
	if len(c.where) > 0 {
		query += " WHERE " + strings.Join(c.where, " AND ")
	}
	if ordered {
		query += " ORDER BY " + c.order
	}
	if limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", limit)
	}
	return query
}

// terms is a text in FTS5's language: every word as the beginning of one, and
// phrases; "" when there is no word in it.
func terms(text string) string {
	var found []string
	for i, part := range strings.Split(text, `"`) {
		words := []string{part} // in quotation marks
		if i%2 == 0 {
			words = strings.Fields(part)
		}
		for _, w := range words {
			w = strings.ReplaceAll(w, "\x00", " ")
			if !strings.ContainsFunc(w, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.Co) }) {
				continue // nothing that is indexed
			}
			w = `"` + w + `"`
			if i%2 == 0 || i == strings.Count(text, `"`) { // an open phrase is still being typed
				w += "*"
			}
			found = append(found, w)
		}
	}
	return strings.Join(found, " AND ")
}

// pictures reads what the index holds of the pictures that a query numbers.
func (g *Gallery) pictures(ctx context.Context, db *sql.DB, numbers string, args []any, sort Sort) ([]Picture, error) {
	order := map[Sort]string{Newest: "n DESC", Oldest: "n", BestRated: "rating DESC, n DESC"}[sort]
	rows, err := db.QueryContext(ctx, "SELECT n, width, height, request, marks FROM ("+numbers+") CROSS JOIN picture USING (n) CROSS JOIN detail USING (n) ORDER BY "+order, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var pictures []Picture
	for rows.Next() {
		var p Picture
		var n int
		var request, marks []byte
		if err := rows.Scan(&n, &p.Width, &p.Height, &request, &marks); err != nil {
			return nil, err
		}
		if p.Request, err = recipe.Unmarshal(string(request)); err != nil {
			return nil, fmt.Errorf("%w: %w", errUnsound, err)
		}
		if err := json.Unmarshal(marks, &p.Marks); err != nil {
			return nil, fmt.Errorf("%w: %w", errUnsound, err)
		}
		p.ID, p.Path = name(n), filepath.Join(g.dir, name(n))
		pictures = append(pictures, p)
	}
	return pictures, rows.Err()
}
