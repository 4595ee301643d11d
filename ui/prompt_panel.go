package ui

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
	"darkroom/engine/prompt"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// promptPanel is where a picture is asked for: everything an engine.Request
// holds, and the two buttons that start and stop.
type promptPanel struct {
	object fyne.CanvasObject

	prompt, negative *entry
	tokens, kept     *canvas.Text // how many of them the prompt and the negative one have
	remark           *remarkLine
	inspect          *link
	inspector        *inspector
	history, styles  *link // open their menus
	presets          *link
	seed             *seedField
	steps, guidance  *number
	size             *sizeField
	sampler, model   *selector
	schedule         *selector
	curve            *curve
	more             *fold
	loras            *loras
	vae              *selector
	precision        *selector
	generate, cancel *button
	extras           *extras

	models map[string]string // model by option

	// What a person can do here.
	OnGenerate, OnCancel, OnChanged, OnChooseModel func()

	// OnInspect is told whether the inspector was unfolded.
	OnInspect func(open bool)
}

// Options that are no model's, autoencoder's or schedule's name.
const (
	ownVAE      = "Model's own"
	ownModel    = "Darkroom (built in)"
	chooseModel = "Choose a model…"
	ownSchedule = "Model's own"
)

// barRoom is the room for the bar to scroll with.
const barRoom = 12

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
		size:     newSizeField(keys),
		curve:    newCurve(),
		loras:    newLoras(keys),
		tokens:   caption(""),
		kept:     caption(""),
		models:   map[string]string{ownModel: engine.DefaultModel},
	}
	changed := func() {
		p.tellMore()
		call(p.OnChanged)
	}
	for _, e := range []*entry{p.prompt, p.negative} {
		e.OnChanged = func(string) { changed() }
		e.OnEnter = func() { call(p.OnGenerate) }
		e.OnShortcut = func(key *desktop.CustomShortcut) bool { return reweigh(e, key) }
	}
	p.seed.OnChanged, p.steps.OnChanged, p.guidance.OnChanged = changed, changed, changed
	p.size.OnChanged, p.loras.OnChanged = changed, changed

	p.inspector = newInspector()
	p.remark = newRemarkLine(p.ToggleInspector)
	p.inspect = newLink("Inspect", p.ToggleInspector)
	p.prompt.OnCursorChanged = p.pointOut
	p.history, p.styles, p.presets = newLink("History", nil), newLink("Styles", nil), newLink("Presets", nil)
	p.sampler = newSelector(nil, func(string) { changed() }, keys)
	for _, name := range sampler.Names() {
		p.sampler.Options = append(p.sampler.Options, sampler.Label(name))
	}
	p.schedule = newSelector([]string{ownSchedule}, func(string) { changed() }, keys)
	for _, name := range schedule.Curves() {
		p.schedule.Options = append(p.schedule.Options, schedule.Label(name))
	}
	p.precision = newSelector(nil, func(string) { changed() }, keys)
	p.vae = newSelector([]string{ownVAE}, func(string) { changed() }, keys)
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

	p.more = newFold("LoRA, autoencoder, precision", column(8,
		p.loras.object,
		container.NewGridWithColumns(2,
			column(2, caption("Autoencoder"), p.vae),
			column(2, caption("Precision"), p.precision))))
	p.extras = newExtras(changed, keys)
	p.generate = newButton("Generate   "+shortcutLabel(keyGenerate), func() { call(p.OnGenerate) }, keys)
	p.generate.Importance = widget.HighImportance
	p.cancel = newButton("Cancel   Esc", func() { call(p.OnCancel) }, keys)
	p.cancel.Disable()

	p.sampler.SetSelected(sampler.Label(engine.DefaultSampler))
	p.schedule.SetSelected(ownSchedule)
	p.steps.Set(engine.DefaultSteps)
	p.guidance.Set(engine.DefaultGuidance)
	p.vae.SetSelected(ownVAE)
	p.model.SetSelected(ownModel)
	p.setPrecision(engine.Float32)
	fields := column(10,
		column(2,
			between(caption("Prompt"), flush(0, linkMargin, row(0, p.history, p.styles, p.presets))),
			p.prompt,
			between(p.tokens, flush(0, linkMargin, p.inspect)),
			p.remark.object,
			p.inspector.object),
		column(2, between(caption("Without"), p.kept), p.negative),
		p.steps.object, p.guidance.object, p.seed.object,
		p.size.object,
		column(4,
			container.NewGridWithColumns(2,
				column(2, caption("Sampler"), p.sampler),
				column(2, caption("Schedule"), p.schedule)),
			p.curve.object),
		column(2, caption("Model"), p.model),
		p.more.object,
		p.extras.object,
	)
	buttons := column(6, p.generate, p.cancel)
	// the bar to scroll with stands in the panel's margin
	scroll := container.NewVScroll(container.New(layout.NewCustomPaddedLayout(0, 4, 0, barRoom), fields))
	p.object = container.NewBorder(nil, inset(0, 8, buttons), nil, nil, flush(0, barRoom, scroll))
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
	if r.Width, r.Height, err = p.size.Value(); err != nil {
		return r, err
	}
	if r.Loras, err = p.loras.Value(); err != nil {
		return r, err
	}
	if p.vae.Selected != ownVAE {
		r.VAE = p.vae.Selected
	}
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
	p.prompt.Become(r.Prompt)
	p.negative.Become(r.Negative)
	p.seed.Set(r.Seed)
	p.steps.Set(float64(r.Steps))
	p.guidance.Set(r.Guidance)
	p.size.Set(r.Width, r.Height)
	p.loras.Set(r.Loras)
	p.setVAE(r.VAE)
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

// SetVAEs offers the autoencoders of the library.
func (p *promptPanel) SetVAEs(names []string) {
	p.vae.Options = append([]string{ownVAE}, names...)
	p.setVAE(p.vae.Selected)
}

// setVAE chooses an autoencoder by its name or path; "" is the model's own.
func (p *promptPanel) setVAE(name string) {
	name = cmp.Or(name, ownVAE)
	if !slices.Contains(p.vae.Options, name) {
		p.vae.Options = append(p.vae.Options, name)
	}
	p.vae.SetSelected(name)
}

// SetOutlook shows what the panel's request comes to.
func (p *promptPanel) SetOutlook(r engine.Request, o Outlook, err error) {
	tokens, kept, doubt := "", "", ""
	if o.Words != nil {
		tokens, kept = tokenCount(o.Words), tokenCount(o.Negative)
		for _, read := range []*prompt.Prompt{o.Negative, o.Words} {
			if len(read.Problems) > 0 {
				doubt = remark(read, read.Problems[0])
			}
		}
	}
	if err != nil {
		doubt = err.Error()
	}
	say(p.tokens, tokens)
	say(p.kept, kept)
	p.remark.Say(doubt)
	p.curve.SetLevels(o.Levels)
	p.size.SetOwn(o.Size)
	p.inspector.Show(r, o, err)
	p.pointOut()
}

// pointOut shows in the inspector what the cursor is in.
func (p *promptPanel) pointOut() {
	if p.inspector.object.Visible() {
		p.inspector.At(p.prompt.Text, byteAt(p.prompt.Text, p.prompt.CursorTextOffset()))
	}
}

// ToggleInspector unfolds the inspector, or folds it away.
func (p *promptPanel) ToggleInspector() {
	p.showInspector(!p.inspector.object.Visible())
	if p.OnInspect != nil {
		p.OnInspect(p.inspector.object.Visible())
	}
}

func (p *promptPanel) showInspector(open bool) {
	if open {
		p.inspector.object.Show()
	} else {
		p.inspector.object.Hide()
	}
	p.inspect.SetChosen(open)
	p.remark.Hush(open)
	p.pointOut()
	p.object.Refresh()
}

// tellMore tells on the fold what is in it that is not as usual.
func (p *promptPanel) tellMore() {
	var words []string
	switch n := len(p.loras.list); n {
	case 0:
	case 1:
		words = append(words, cmp.Or(p.loras.list[0].name, "a LoRA"))
	default:
		words = append(words, fmt.Sprintf("%d LoRAs", n))
	}
	if p.vae.Selected != ownVAE {
		words = append(words, p.vae.Selected)
	}
	if i := p.precision.SelectedIndex(); i > 0 {
		words = append(words, engine.Precisions()[i])
	}
	p.more.Say(strings.Join(words, " · "))
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
