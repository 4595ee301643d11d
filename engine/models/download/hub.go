package download

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// listing is what the hub tells of a repository
// (GET /api/models/owner/name/revision/main?blobs=true).
type listing struct {
	ID       string          `json:"id"`
	Commit   string          `json:"sha"`
	Gated    json.RawMessage `json:"gated"` // false, "auto" or "manual"
	Tags     []string        `json:"tags"`
	CardData struct {
		Licence     stringOrList `json:"license"`
		LicenceName string       `json:"license_name"`
		LicenceLink string       `json:"license_link"`
	} `json:"cardData"`
	Siblings []sibling `json:"siblings"`
}

// sibling is one file of a repository. Large ones are kept outside of Git, and the
// hub tells their SHA-256.
type sibling struct {
	Name string `json:"rfilename"`
	Size int64  `json:"size"` // -1 if the hub doesn't tell
	LFS  *struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"lfs"`
}

func (s *sibling) UnmarshalJSON(b []byte) error {
	type plain sibling // without this method
	s.Size = -1
	return json.Unmarshal(b, (*plain)(s))
}

// stringOrList is a text that some repositories give as a list of one.
type stringOrList string

func (s *stringOrList) UnmarshalJSON(b []byte) error {
	var list []string
	if json.Unmarshal(b, &list) == nil {
		*s = stringOrList(strings.Join(list, ", "))
		return nil
	}
	var one string
	err := json.Unmarshal(b, &one)
	*s = stringOrList(one)
	return err
}

// repository looks at a repository: at one file of it if that is named.
func (c *Client) repository(ctx context.Context, name, revision, file string) (*Offer, error) {
	b, err := c.text(ctx, c.hub()+"/api/models/"+name+"/revision/"+url.PathEscape(revision)+"?blobs=true")
	if err != nil {
		return nil, fmt.Errorf("the repository %s at %s: %w", name, revision, err)
	}
	var l listing
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("the repository %s: the hub's answer is not the JSON it should be (%w): is HF_ENDPOINT, %s, the address of a hub?", name, err, c.hub())
	}
	owner, short, _ := strings.Cut(name, "/")
	o := &Offer{Name: harmless(owner) + "--" + harmless(short)}
	chosen, folder, err := choose(l.Siblings, file)
	if err != nil {
		return nil, fmt.Errorf("the repository %s: %w", name, err)
	}
	o.Folder = folder
	for _, s := range chosen {
		f := File{Name: s.Name, Size: s.Size, URL: c.file(name, cmp.Or(l.Commit, revision), s.Name)}
		if s.LFS != nil {
			f.SHA256, f.Size = s.LFS.SHA256, cmp.Or(s.LFS.Size, s.Size)
		}
		o.Files = append(o.Files, f)
	}
	if !folder {
		o.Files[0].Name = harmless(o.Files[0].Name)
		o.Name = o.Files[0].Name
	}
	o.Licence = c.licence(ctx, name, &l)
	return o, nil
}

// file is where the hub has a file.
func (c *Client) file(name, revision, file string) string {
	parts := strings.Split(file, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return c.hub() + "/" + name + "/resolve/" + url.PathEscape(revision) + "/" + strings.Join(parts, "/")
}

// licence collects what a repository says of its licence.
func (c *Client) licence(ctx context.Context, name string, l *listing) Licence {
	out := Licence{
		Name: string(l.CardData.Licence), URL: l.CardData.LicenceLink,
		Gated: len(l.Gated) > 0 && string(l.Gated) != "false" && string(l.Gated) != "null",
	}
	if out.Name == "other" || out.Name == "" {
		out.Name = cmp.Or(l.CardData.LicenceName, out.Name)
	}
	for _, tag := range l.Tags {
		if id, ok := strings.CutPrefix(tag, "license:"); ok && out.Name == "" {
			out.Name = id
		}
	}
	for _, s := range l.Siblings {
		stem := strings.ToLower(strings.TrimSuffix(s.Name, path.Ext(s.Name)))
		if stem != "license" && stem != "licence" || s.Size > 1<<18 {
			continue
		}
		address := c.file(name, cmp.Or(l.Commit, "main"), s.Name)
		if text, err := c.text(ctx, address); err == nil {
			out.Text, out.URL = string(text), cmp.Or(out.URL, address)
		}
		break
	}
	out.URL = cmp.Or(out.URL, c.hub()+"/"+name)
	return out
}

// choose takes the files that make a model out of a repository's: one that is
// named; those of a model folder; or the weights, if they are of one model.
func choose(all []sibling, file string) (chosen []sibling, folder bool, err error) {
	if file != "" {
		i := slices.IndexFunc(all, func(s sibling) bool { return s.Name == file })
		if i < 0 {
			return nil, false, fmt.Errorf("it has no file %s%s", file, offered(all))
		}
		return all[i : i+1], false, nil
	}
	if slices.ContainsFunc(all, func(s sibling) bool { return s.Name == "model_index.json" }) {
		chosen, err = folderFiles(all)
		return chosen, true, err
	}
	var weights []sibling
	for _, s := range all {
		if rank(s.Name) < worst && !strings.Contains(s.Name, "/") {
			weights = append(weights, s)
		}
	}
	variants := byVariant(weights)
	if len(variants) == 1 {
		return variants[0][:1], false, nil
	}
	if len(variants) == 0 {
		return nil, false, fmt.Errorf("it has no weights at its top that can be used%s", offered(all))
	}
	return nil, false, fmt.Errorf("it has several models%s", offered(weights))
}

// offered lists files with weights to choose from.
func offered(all []sibling) string {
	const most = 12
	var names []string
	for _, s := range all {
		if rank(s.Name) < worst {
			names = append(names, ":"+File{Name: s.Name, Size: s.Size}.Describe())
		}
	}
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	if len(names) == 0 {
		return "; nor any other file with weights"
	}
	return "; name one behind the repository's name: " + strings.Join(names, ", ") + more
}

// forms is how weights may be stored, the best first: as float16, which this program
// keeps as it is; as they are; as a pickle, which takes an allow-list to read.
var forms = []string{".fp16.safetensors", ".safetensors", ".fp16.bin", ".bin", ".ckpt"}

var worst = len(forms) + 2

// rank is the place of a file among those of the same weights; worst is none at all,
// as of weights for other programs (.msgpack, .h5, .onnx, .gguf of a language model).
// Weights with (non_ema) or without the average of training come behind.
func rank(name string) int {
	lower := strings.ToLower(path.Base(name))
	for i, form := range forms {
		switch {
		case !strings.HasSuffix(lower, form):
			continue
		case strings.HasPrefix(lower, "openvino") || strings.HasPrefix(lower, "flax"):
			return worst
		case strings.Contains(lower, "non_ema") || strings.Contains(lower, "non-ema"):
			return len(forms)
		case i == 1 && half(lower):
			return 0
		}
		return i
	}
	return worst
}

// halfMarks is what names of float16 files have in them.
var halfMarks = []string{"fp16", "f16", "half"}

func half(lower string) bool {
	return slices.ContainsFunc(halfMarks, func(mark string) bool { return strings.Contains(lower, mark) })
}

// variantMarks is parts of names that tell how the same weights are stored.
var variantMarks = strings.NewReplacer(
	"non_ema", "", "non-ema", "", "emaonly", "", "fp16", "", "fp32", "", "f16", "", "f32", "", "half", "", "pruned", "", "-", "", "_", "", ".", "")

// byVariant groups files with the same weights, each group with the best first.
func byVariant(files []sibling) [][]sibling {
	groups := map[string][]sibling{}
	var order []string
	for _, s := range files {
		stem := variantMarks.Replace(strings.ToLower(strings.TrimSuffix(s.Name, path.Ext(s.Name))))
		if groups[stem] == nil {
			order = append(order, stem)
		}
		groups[stem] = append(groups[stem], s)
	}
	var list [][]sibling
	for _, stem := range order {
		g := groups[stem]
		slices.SortStableFunc(g, func(a, b sibling) int {
			return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), cmp.Compare(a.Size, b.Size))
		})
		list = append(list, g)
	}
	return list
}
