package download

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// modelParts is the folders of a pipeline that this program reads.
var modelParts = []string{"unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler"}

// shard is one of several files that weights are split into, perhaps of a variant:
// "model.fp16-00001-of-00002.safetensors".
var shard = regexp.MustCompile(`^(.+?)-\d{5}-of-\d{5}(\.\w+)$`)

// index is the file that says which tensor is in which of them:
// "model.safetensors.index.fp16.json".
var index = regexp.MustCompile(`^(.+)\.(safetensors|bin)\.index(?:\.(\w+))?\.json$`)

// folderFiles takes what a model folder needs: the configurations and vocabularies,
// and each part's weights once.
func folderFiles(all []sibling) ([]sibling, error) {
	var chosen []sibling
	weights := map[string]map[string][]sibling{} // by part, then by the name of the weights
	for _, s := range all {
		part, file := path.Split(s.Name)
		part = strings.TrimSuffix(part, "/")
		switch {
		case s.Name == "model_index.json":
			chosen = append(chosen, s)
		case !slices.Contains(modelParts, part):
		case index.MatchString(file):
			m := index.FindStringSubmatch(file)
			name := m[1]
			if m[3] != "" {
				name += "." + m[3]
			}
			add(weights, part, name+"."+m[2], s)
		case shard.MatchString(file):
			m := shard.FindStringSubmatch(file)
			add(weights, part, m[1]+m[2], s)
		case rank(file) < worst:
			add(weights, part, file, s)
		case slices.Contains([]string{".json", ".txt"}, path.Ext(file)):
			chosen = append(chosen, s)
		}
	}
	for _, part := range modelParts {
		sets := weights[part]
		if len(sets) == 0 {
			if slices.ContainsFunc(chosen, func(s sibling) bool { return s.Name == part+"/config.json" }) {
				return nil, fmt.Errorf("its part %s has no weights that can be read (.safetensors or .bin)", part)
			}
			continue
		}
		var names []string
		for name := range sets {
			names = append(names, name)
		}
		best := slices.MinFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
		chosen = append(chosen, sets[best]...)
	}
	return chosen, nil
}

func add(weights map[string]map[string][]sibling, part, name string, s sibling) {
	if weights[part] == nil {
		weights[part] = map[string][]sibling{}
	}
	weights[part][name] = append(weights[part][name], s)
}
