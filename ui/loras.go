package ui

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine/prompt"
)

// loras is the LoRAs that a request asks for beside those in its prompt: one line for
// each, with its strength, and a list to add one from.
type loras struct {
	object fyne.CanvasObject

	lines *fyne.Container
	list  []*lora
	add   *selector
	keys  plainKeys

	// OnChanged is called when a person changed them.
	OnChanged func()
}

// lora is one of them. What its tag says stays as it is until a person changes the
// strength, for it may say more than one number.
type lora struct {
	tag      string
	kind     string
	name     string
	strength *number
	object   fyne.CanvasObject
}

const addLora = "Add a LoRA…"

func newLoras(keys plainKeys) *loras {
	l := &loras{lines: column(2), keys: keys}
	l.add = newSelector(nil, nil, keys)
	l.add.PlaceHolder = addLora
	l.add.OnChanged = func(name string) {
		if name == "" {
			return
		}
		l.add.ClearSelected()
		l.put(prompt.Tag{Kind: "lora", Args: []string{name, "1"}})
		l.changed()
	}
	l.object = column(2, caption("LoRA"), l.lines, l.add)
	l.SetNames(nil)
	return l
}

// SetNames offers the LoRAs of the library.
func (l *loras) SetNames(names []string) {
	l.add.Options = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return strings.ContainsAny(name, ":<>") // a tag can't name it
	})
	l.add.PlaceHolder = addLora
	if len(l.add.Options) == 0 {
		l.add.PlaceHolder = "None in the library yet"
		l.add.Disable()
	} else {
		l.add.Enable()
	}
	l.add.Refresh()
}

// Set shows the LoRAs of a request.
func (l *loras) Set(tags string) {
	l.list = nil
	l.lines.RemoveAll()
	found, err := prompt.Tags(tags)
	if err != nil { // the engine says what is wrong with it
		l.list = append(l.list, &lora{tag: tags})
	}
	for _, tag := range found {
		l.put(tag)
	}
	l.lines.Refresh()
}

// Value is the LoRAs as a request has them.
func (l *loras) Value() (string, error) {
	var tags strings.Builder
	for _, one := range l.list {
		if one.tag != "" {
			tags.WriteString(one.tag)
			continue
		}
		strength, err := one.strength.Value()
		if err != nil {
			return "", err
		}
		tags.WriteString("<" + one.kind + ":" + one.name + ":" + strconv.FormatFloat(strength, 'f', -1, 64) + ">")
	}
	return tags.String(), nil
}

// put adds a line.
func (l *loras) put(tag prompt.Tag) {
	one := &lora{kind: tag.Kind, name: tag.Name(), tag: "<" + tag.Kind + ":" + strings.Join(tag.Args, ":") + ">"}
	one.strength = newNumber(tag.Name(), 0, 1.5, 10, 0.05, l.keys)
	one.strength.min = -10
	strength, _, _ := tag.Strengths()
	one.strength.Set(strength)
	one.strength.OnChanged = func() { one.tag = ""; l.changed() }
	drop := newButton("", func() {
		l.list = slices.DeleteFunc(l.list, func(o *lora) bool { return o == one })
		l.lines.Remove(one.object)
		l.changed()
	}, l.keys)
	drop.Icon, drop.Importance = theme.CancelIcon(), widget.LowImportance
	one.object = container.NewBorder(nil, nil, nil, container.NewVBox(drop), one.strength.object)
	l.list = append(l.list, one)
	l.lines.Add(one.object)
}

func (l *loras) changed() { call(l.OnChanged) }
