package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// credits is the text of CreditsFile: every source, its licence and who made what.
func credits(fetched string, used []cutout) string {
	count, makers := map[string]int{}, map[string]map[string]int{}
	for _, c := range used {
		count[c.Source]++
		if c.Made != "" {
			if makers[c.Source] == nil {
				makers[c.Source] = map[string]int{}
			}
			makers[c.Source][c.Made]++
		}
	}
	var b strings.Builder
	b.WriteString(`# Third-party data behind the model weights

The default model's weights are trained on pictures composed from the sources
below by engine/train/data. No picture of a source is part of this repository;
"darkroom train data" gets the sources, pinned by the SHA-256 of their archives,
and writes this file.

| source | version | archive SHA-256 | pictures | used for | licence | credit |
|---|---|---|---|---|---|---|
`)
	sources := slices.Concat(Packages, Texts)
	for _, p := range sources {
		fmt.Fprintf(&b, "| %s package %s | %s | `%s` | %d | %s | %s | %s |\n", p.Manager, p.Name, p.Version, p.SHA256, count[p.Name], p.Use, p.Licence, p.Credit)
	}
	b.WriteString(`
The licences that are named by their identifiers are, in full:
CC0-1.0 <https://creativecommons.org/publicdomain/zero/1.0/>,
CC-BY-3.0 <https://creativecommons.org/licenses/by/3.0/>,
CC-BY-4.0 <https://creativecommons.org/licenses/by/4.0/>,
Apache-2.0 <https://www.apache.org/licenses/LICENSE-2.0>.
The pictures were cut out, scaled, in part recoloured, and placed on backgrounds.

What else goes into the training pairs was made for this project: the names and
synonyms, the prompts, the backgrounds, which are painted by code, and the
wording of the captions.
`)
	for _, p := range Packages {
		if by := makers[p.Name]; len(by) > 0 {
			fmt.Fprintf(&b, "\n## Makers of what is used of %s\n\n", p.Name)
			names := make([]string, 0, len(by))
			for name := range by {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				fmt.Fprintf(&b, "- %s: %d pictures\n", name, by[name])
			}
		}
	}
	for _, p := range sources {
		var texts []string
		if p.notice != "" {
			texts = append(texts, p.notice)
		}
		for _, file := range p.licence {
			text, err := os.ReadFile(filepath.Join(p.Folder(fetched), filepath.FromSlash(file)))
			if err == nil && filepath.Base(file) != "README.md" {
				texts = append(texts, string(text))
			}
		}
		for _, text := range texts {
			fmt.Fprintf(&b, "\n## Licence of %s %s\n\n", p.Name, p.Version)
			for line := range strings.Lines(strings.TrimSpace(text)) {
				if line = strings.TrimRight(line, "\r\n "); line == "" {
					b.WriteString("\n")
				} else {
					b.WriteString("    " + line + "\n")
				}
			}
		}
	}
	return b.String()
}
