package ui

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// promptPanel is where a picture is asked for: everything an engine.Request
// holds, and the two buttons that start and stop.
type promptPanel struct {
	object fyne.CanvasObject

	prompt, negative *entry
	seed             *seedField
	steps, guidance  *number
	size             *selector
	sampler, model   *selector
	schedule         *selector
	precision        *selector
	generate, cancel *button
	extras           *extras

	sizes  map[string][2]int // width and height by option
	models map[string]string // model by option

	// What a person can do here.
	OnGenerate, OnCancel, OnChanged, OnChooseModel func()
}

// The usual sizes, width × height in pixels. The first stands for the size the
// model was trained at, where it draws best.
var usualSizes = [][2]int{
	{0, 0},
	{64, 64},
	{96, 64},
	{64, 96},
	{96, 96},
	{128, 128},
	{256, 256},
	{384, 384},
	{512, 512},
	{768, 512},
	{512, 768},
}

// Options that are no size and no model's name.
const (
	ownSize     = "Model's own"
	ownModel    = "Darkroom (built in)"
	chooseModel = "Choose a model…"
	ownSchedule = "Model's own"
)

// precisionLabels is how a person knows the precisions.
var precisionLabels = map[string]string{
	engine.Float32:  "Exact (float32)",
	engine.BFloat16: "Faster (bfloat16)",
}

func newPromptPanel(keys plainKeys) *promptPanel {
	p := &promptPanel{
		prompt:   newTextArea("What do you want to see?", 4, keys),
		negative: newTextArea("What to keep out", 2, keys),
		seed:     newSeedField(keys),
		steps:    newNumber("Steps", 1, 50, engine.MaxSteps, 1, keys),
		guidance: newNumber("Guidance", 0, 20, 100, 0.5, keys),
		sizes:    map[string][2]int{},
		models:   map[string]string{ownModel: engine.DefaultModel},
	}
	changed := func() { call(p.OnChanged) }
	for _, e := range []*entry{p.prompt, p.negative} {
		e.OnChanged = func(string) { changed() }
		e.OnEnter = func() { call(p.OnGenerate) }
	}
	p.seed.OnChanged, p.steps.OnChanged, p.guidance.OnChanged = changed, changed, changed

	p.size = newSelector(nil, func(string) { changed() }, keys)
	for _, s := range usualSizes {
		p.addSize(s)
	}
	p.sampler = newSelector(nil, func(string) { changed() }, keys)
	for _, name := range sampler.Names() {
		p.sampler.Options = append(p.sampler.Options, sampler.Label(name))
	}
	p.schedule = newSelector([]string{ownSchedule}, func(string) { changed() }, keys)
	for _, name := range schedule.Curves() {
		p.schedule.Options = append(p.schedule.Options, schedule.Label(name))
	}
	p.precision = newSelector(nil, func(string) { changed() }, keys)
	for _, name := range engine.Precisions() {
		p.precision.Options = append(p.precision.Options, precisionLabels[name])
	}
	p.model = newSelector([]string{ownModel, chooseModel}, nil, keys)
	last := ownModel
	p.model.OnChanged = func(option string) {
		if option == chooseModel { // an act, not a model: show the model again
			p.model.SetSelected(last)
			call(p.OnChooseModel)
			return
		}
		if option != last {
			last = option
			changed()
		}
	}

	p.extras = newExtras(changed, keys)
	p.generate = newButton("Generate   "+shortcutLabel(keyGenerate), func() { call(p.OnGenerate) }, keys)
	p.generate.Importance = widget.HighImportance
	p.cancel = newButton("Cancel   Esc", func() { call(p.OnCancel) }, keys)
	p.cancel.Disable()

	p.sampler.SetSelected(sampler.Label(engine.DefaultSampler))
	p.schedule.SetSelected(ownSchedule)
	p.steps.Set(engine.DefaultSteps)
	p.guidance.Set(engine.DefaultGuidance)
	p.size.SetSelected(ownSize)
	p.model.SetSelected(ownModel)
	p.setPrecision(engine.Float32)
	fields := column(10,
		column(2, caption("Prompt"), p.prompt),
		column(2, caption("Without"), p.negative),
		p.steps.object, p.guidance.object, p.seed.object,
		container.NewGridWithColumns(2,
			column(2, caption("Sampler"), p.sampler),
			column(2, caption("Schedule"), p.schedule)),
		container.NewGridWithColumns(2,
			column(2, caption("Size"), p.size),
			column(2, caption("Precision"), p.precision)),
		column(2, caption("Model"), p.model),
		p.extras.object,
	)
	buttons := column(6, p.generate, p.cancel)
	p.object = container.NewBorder(nil, inset(0, 8, buttons), nil, nil, container.NewVScroll(fields))
	return p
}

// Request is what the panel asks for, with the seed as shown. The error says
// what to type instead.
func (p *promptPanel) Request() (engine.Request, error) {
	r := p.extras.request(p.prompt.Text, p.negative.Text)
	r.Model = p.models[p.model.Selected]
	var err error
	if r.Seed, err = p.seed.Value(); err != nil {
		return r, err
	}
	steps, err := p.steps.Value()
	if err != nil {
		return r, err
	}
	r.Steps = int(steps)
	if r.Guidance, err = p.guidance.Value(); err != nil {
		return r, err
	}
	size := p.sizes[p.size.Selected]
	r.Width, r.Height = size[0], size[1]
	if name := engine.Precisions()[p.precision.SelectedIndex()]; name != engine.Float32 {
		r.Precision = name
	}
	if p.schedule.Selected != ownSchedule {
		if r.Schedule, err = schedule.Parse(p.schedule.Selected); err != nil {
			return r, err
		}
	}
	r.Sampler, _, err = sampler.Parse(p.sampler.Selected)
	return r, err
}

// SetRequest fills the panel with a recipe. A sampler this program doesn't know
// leaves the choice as it was, and is reported.
func (p *promptPanel) SetRequest(r engine.Request) error {
	p.extras.set(r)
	p.prompt.SetText(r.Prompt)
	p.negative.SetText(r.Negative)
	p.seed.Set(r.Seed)
	p.steps.Set(float64(r.Steps))
	p.guidance.Set(r.Guidance)
	p.size.SetSelected(p.addSize([2]int{r.Width, r.Height}))
	p.SetModel(r.Model)
	p.setPrecision(cmp.Or(r.Precision, engine.Float32))
	name, curve, err := sampler.Parse(r.Sampler)
	if err != nil {
		return fmt.Errorf("%w; %s stays chosen", err, p.sampler.Selected)
	}
	p.sampler.SetSelected(sampler.Label(name))
	if curve = cmp.Or(r.Schedule, curve); curve == "" {
		p.schedule.SetSelected(ownSchedule)
		return nil
	}
	if curve, err = schedule.Parse(curve); err != nil {
		return fmt.Errorf("%w; %s stays chosen", err, p.schedule.Selected)
	}
	p.schedule.SetSelected(schedule.Label(curve))
	return nil
}

// SetModel chooses a model: engine.DefaultModel or a path.
func (p *promptPanel) SetModel(model string) {
	p.model.SetSelected(p.addModel(model))
}

// setPrecision chooses a precision by its name.
func (p *promptPanel) setPrecision(name string) {
	p.precision.SetSelected(precisionLabels[name])
}

// SetBusy tells whether there is something to cancel.
func (p *promptPanel) SetBusy(busy bool) {
	if busy {
		p.cancel.Enable()
	} else {
		p.cancel.Disable()
	}
}

// addSize makes sure a size can be chosen and returns its option.
func (p *promptPanel) addSize(s [2]int) string {
	option := ownSize
	if s != [2]int{} {
		option = fmt.Sprintf("%d × %d", s[0], s[1])
	}
	if _, known := p.sizes[option]; !known {
		p.sizes[option] = s
		p.size.Options = append(p.size.Options, option)
	}
	return option
}

// addModel makes sure a model can be chosen and returns its option: the name of
// the folder or file, or its whole path when the name is taken.
func (p *promptPanel) addModel(model string) string {
	for option, m := range p.models {
		if m == model {
			return option
		}
	}
	option := filepath.Base(model)
	if _, taken := p.models[option]; taken || option == chooseModel {
		option = model
	}
	p.models[option] = model
	p.model.Options = slices.Insert(p.model.Options, len(p.model.Options)-1, option)
	return option
}

// call calls a callback that may be missing.
func call(f func()) {
	if f != nil {
		f()
	}
}
