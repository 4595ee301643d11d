package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"darkroom/engine"
	"darkroom/engine/models"
	"darkroom/engine/models/download"
	"darkroom/engine/system"
)

// modelsVerb is the person's library of models.
func modelsVerb(ctx context.Context, args []string) error {
	verbs := []verb{
		{"list", "show what the library's folders hold", listModels},
		{"add", "add a folder of models, a model folder or a file", addModels},
		{"get", "fetch a model from an address or a repository of the Hugging Face hub", getModel},
		{"remove", "take a folder or a model out of the library", removeModel},
		{"use", "choose the model that draws when none is named", useModel},
	}
	for _, v := range verbs {
		if len(args) > 0 && args[0] == v.name {
			return v.run(ctx, args[1:])
		}
	}
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help" || args[0] == "help") {
		fmt.Println("usage: darkroom models list | add | get | remove | use, each with --help")
		for _, v := range verbs {
			fmt.Printf("  %-10s %s\n", v.name, v.summary)
		}
		return nil
	}
	return fmt.Errorf("%w: say what to do with models: list, add, get, remove or use (see darkroom models --help)", errUsage)
}

// library opens the person's library.
func library() (*models.Library, error) {
	path, err := models.ConfigFile()
	if err != nil {
		return nil, err
	}
	return models.Open(path)
}

// modelNamed turns what a person calls a model into what the engine does: a path, or
// the built-in one's name; "" is the one that was chosen.
func modelNamed(ctx context.Context, name string) (string, error) {
	if name == engine.DefaultModel {
		return name, nil
	}
	l, err := library()
	if name == "" {
		if err != nil {
			return engine.DefaultModel, nil // nothing was chosen that could be known
		}
		return cmp.Or(l.Chosen(), engine.DefaultModel), nil
	}
	if err != nil {
		if _, there := os.Stat(name); there == nil {
			return name, nil // a path needs no library
		}
		return "", err
	}
	return l.Resolve(ctx, name, func(m models.Model) { fmt.Fprintf(terminal{os.Stderr}, "reading %s for its hash\n", m.Path) })
}

// operands parses flags before, between and behind operands, of which there must be
// as many as are named.
func operands(name, synopsis string, define func(set *flag.FlagSet), args []string, names ...string) ([]string, error) {
	f := flags(name, synopsis)
	if define != nil {
		define(f)
	}
	var list []string
	for {
		if err := f.Parse(args); err != nil {
			return nil, parse(f, args)
		}
		if args = f.Args(); len(args) == 0 {
			break
		}
		list, args = append(list, args[0]), args[1:]
	}
	if len(list) != len(names) {
		return nil, fmt.Errorf("%w: darkroom %s takes %s (see --help)", errUsage, name, cmp.Or(strings.Join(names, " and "), "no more than flags"))
	}
	return list, nil
}

// listedModel is a model as --json prints it.
type listedModel struct {
	Name       string      `json:"name"`
	Path       string      `json:"path"`
	Kind       models.Kind `json:"kind"`
	Family     string      `json:"family,omitempty"`
	Type       string      `json:"type,omitempty"`
	Parameters int         `json:"parameters,omitempty"`
	Bytes      int64       `json:"bytes"`
	SHA256     string      `json:"sha256,omitempty"`
	Chosen     bool        `json:"chosen,omitempty"`
	Source     string      `json:"source,omitempty"` // where it was downloaded from
	Licence    string      `json:"licence,omitempty"`
	Trouble    string      `json:"trouble,omitempty"`
}

func listModels(ctx context.Context, args []string) error {
	var kind string
	var asJSON, hashes bool
	if _, err := operands("models list", "[flags]", func(f *flag.FlagSet) {
		f.StringVar(&kind, "kind", "", `only of this kind, such as "model", "LoRA", "autoencoder" or "embedding"`)
		f.BoolVar(&hashes, "hash", false, "read files whose SHA-256 is not known yet")
		f.BoolVar(&asJSON, "json", false, "print one JSON object for each")
	}, args); err != nil {
		return err
	}
	l, err := library()
	if err != nil {
		return err
	}
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(os.Stdout)
	shown := 0
	for _, m := range listing.Models {
		if kind != "" && !strings.EqualFold(string(m.Kind), kind) {
			continue
		}
		shown++
		if hashes && m.SHA256 == "" && !m.Folder {
			if m.SHA256, err = l.Hash(ctx, m.Path, nil); err != nil {
				return err
			}
		}
		line := listedModel{
			Name: m.Name, Path: m.Path, Kind: m.Kind, Family: m.Family, Type: string(m.Type), Parameters: m.Parameters, Bytes: m.Size,
			SHA256: m.SHA256, Chosen: m.Path == l.Chosen(), Trouble: m.Trouble,
		}
		if m.Origin != nil {
			line.Source, line.Licence = m.Origin.Source, m.Origin.Licence
		}
		if asJSON {
			err = enc.Encode(line)
		} else {
			err = line.print(terminal{os.Stdout}, m.Short())
		}
		if err != nil {
			return err
		}
	}
	for _, p := range listing.Problems {
		fmt.Fprintf(terminal{os.Stderr}, "%s: %v\n", p.Path, p.Err)
	}
	switch {
	case asJSON:
	case len(l.Folders()) == 0 && shown == 0:
		fmt.Println("The library has no folder yet: add one with `darkroom models add FOLDER`, or fetch a model with `darkroom models get`.")
	case shown == 0:
		fmt.Println("The library's folders hold no such models: " + strings.Join(l.Folders(), ", "))
	}
	return nil
}

func (m listedModel) print(w io.Writer, short string) error {
	mark := " "
	if m.Chosen {
		mark = "*"
	}
	about := cmp.Or(m.Family, string(m.Kind))
	for _, more := range []string{m.Type, system.Bytes(m.Bytes), short} {
		if more != "" {
			about += ", " + more
		}
	}
	_, err := fmt.Fprintf(w, "%s %s\n    %s\n    %s\n", mark, m.Name, about, m.Path)
	if err == nil && m.Trouble != "" {
		_, err = fmt.Fprintf(w, "    ! %s\n", m.Trouble)
	}
	return err
}

func addModels(ctx context.Context, args []string) error {
	names, err := operands("models add", "FOLDER | FILE", nil, args, "a folder or a file")
	if err != nil {
		return err
	}
	l, err := library()
	if err != nil {
		return err
	}
	if err := l.Add(names[0]); err != nil {
		return err
	}
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return err
	}
	kinds := map[models.Kind]int{}
	for _, m := range listing.Models {
		kinds[m.Kind]++
	}
	fmt.Printf("%s is in the library, which now has %d models and %d other files: see darkroom models list\n",
		names[0], kinds[models.Whole], len(listing.Models)-kinds[models.Whole])
	return nil
}

func useModel(ctx context.Context, args []string) error {
	names, err := operands("models use", `NAME | default`, nil, args, `a model's name, or "default" for the built-in one`)
	if err != nil {
		return err
	}
	l, err := library()
	if err != nil {
		return err
	}
	if names[0] == engine.DefaultModel {
		return l.Choose("")
	}
	path, err := modelNamed(ctx, names[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return err
	}
	if err := l.Choose(path); err != nil {
		return err
	}
	fmt.Println("pictures are now drawn with", path)
	return nil
}

func removeModel(ctx context.Context, args []string) error {
	var yes bool
	names, err := operands("models remove", "NAME | FOLDER [--yes]", func(f *flag.FlagSet) {
		f.BoolVar(&yes, "yes", false, "delete what was downloaded without asking")
	}, args, "a model's name, or a folder or a file that was added")
	if err != nil {
		return err
	}
	l, err := library()
	if err != nil {
		return err
	}
	if abs, err := filepath.Abs(names[0]); err == nil {
		if was, err := l.Forget(abs); was || err != nil {
			fmt.Println(abs, "is forgotten; nothing was deleted")
			return err
		}
	}
	m, err := l.Find(ctx, names[0], nil)
	if err != nil {
		return err
	}
	if m.Origin == nil {
		if was, err := l.Forget(m.Path); was || err != nil {
			fmt.Println(m.Path, "is forgotten; nothing was deleted")
			return err
		}
		return fmt.Errorf("%s lies in a folder of the library and was not downloaded by this program: delete the file yourself, or remove the folder", m.Path)
	}
	if !yes {
		if err := ask(fmt.Sprintf("Delete %s (%s), downloaded from %s?", m.Path, system.Bytes(m.Size), m.Origin.Source), "--yes"); err != nil {
			return err
		}
	}
	if err := l.Delete(m.Path); err != nil {
		return err
	}
	fmt.Println(m.Path, "is deleted")
	return nil
}

// errDeclined says that a person has answered no.
var errDeclined = errors.New("nothing was done")

// ask asks a question at a terminal; nil is yes. instead is the flag that answers it
// elsewhere.
func ask(question, instead string) error {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return fmt.Errorf("%s: nobody is there to answer; say %s if you mean it (%w)", question, instead, errDeclined)
	}
	fmt.Fprint(terminal{os.Stderr}, question, " [y/N] ")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errDeclined
	}
	return nil
}

// downloads is where fetched models are put: what the system has for programs' data.
func downloads() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "darkroom", "models"), nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "darkroom", "models"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "darkroom", "models"), err
}

func getModel(ctx context.Context, args []string) error {
	var to, sum string
	var accept bool
	source, err := operands("models get", "https://… | owner/name[@revision][:file] [flags]", func(f *flag.FlagSet) {
		f.StringVar(&to, "to", "", "folder to put it in; else the one for programs' data")
		f.StringVar(&sum, "sha256", "", "what the file's SHA-256 has to be")
		f.BoolVar(&accept, "accept-licence", false, "accept the licence without being asked")
	}, args, "an address, or a repository of the hub as owner/name")
	if err != nil {
		return err
	}
	if sum = strings.ToLower(sum); sum != "" && (len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "") {
		return fmt.Errorf("%w: --sha256 has %d characters; a SHA-256 has 64 hexadecimal digits", errUsage, len(sum))
	}
	if to == "" {
		if to, err = downloads(); err != nil {
			return fmt.Errorf("%w; name a folder with --to", err)
		}
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	l, err := library()
	if err != nil {
		return err
	}
	c := &download.Client{Hub: os.Getenv("HF_ENDPOINT"), Token: os.Getenv("HF_TOKEN")}
	o, err := c.Look(ctx, source[0])
	if err != nil {
		return err
	}
	if sum != "" {
		if len(o.Files) != 1 {
			return fmt.Errorf("%w: --sha256 is of one file, and %s has %d", errUsage, source[0], len(o.Files))
		}
		o.Files[0].SHA256 = sum
	}
	showOffer(terminal{os.Stderr}, o)
	if !accept {
		if err := ask("Do you accept this licence, and shall it be fetched?", "--accept-licence"); err != nil {
			return err
		}
	}
	path, err := c.Into(ctx, l, to, o, fetchLine(os.Stderr))
	if err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}

// showOffer says what would be fetched, and on what terms.
func showOffer(w io.Writer, o *download.Offer) {
	for _, f := range o.Files {
		fmt.Fprintln(w, " ", f.Describe())
	}
	if n := o.Size(); n > 0 && len(o.Files) > 1 {
		fmt.Fprintln(w, " ", system.Bytes(n), "in all")
	}
	fmt.Fprintln(w, "Licence:", cmp.Or(o.Licence.Name, "not told by the server; look at the page that has the address"))
	if o.Licence.URL != "" {
		fmt.Fprintln(w, "  to read at", o.Licence.URL)
	}
	const most = 12
	lines := strings.Split(strings.TrimSpace(o.Licence.Text), "\n")
	for i, line := range lines {
		if i == most {
			fmt.Fprintf(w, "  … and %d more lines\n", len(lines)-most)
			break
		}
		if o.Licence.Text != "" {
			fmt.Fprintln(w, "  |", line)
		}
	}
	if o.Licence.Gated {
		fmt.Fprintln(w, "The hub gives it only to people who have signed in and accepted its terms there; HF_TOKEN tells it who you are.")
	}
}

// fetchLine tells how a download goes: on one line of a terminal, and elsewhere only
// what it waits for.
func fetchLine(f *os.File) func(download.Progress) {
	info, err := f.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	var last time.Time
	return func(p download.Progress) {
		p.File, p.Waiting = printable(p.File), printable(p.Waiting)
		switch {
		case p.Waiting != "" && terminal:
			fmt.Fprintf(f, "\r%s\x1b[K\n", p.Waiting)
		case p.Waiting != "":
			fmt.Fprintln(f, p.Waiting)
		case !terminal || time.Since(last) < 200*time.Millisecond && p.Done != p.Total:
		case p.Total > 0:
			last = time.Now()
			end := ""
			if p.Done == p.Total {
				end = "\n"
			}
			fmt.Fprintf(f, "\r%s: %s of %s\x1b[K%s", p.File, system.Bytes(p.Done), system.Bytes(p.Total), end)
		default:
			last = time.Now()
			fmt.Fprintf(f, "\r%s: %s\x1b[K", p.File, system.Bytes(p.Done))
		}
	}
}
