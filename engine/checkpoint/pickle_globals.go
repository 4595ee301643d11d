package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// storageTypes are the classes of torch whose numbers are of one type; an untyped one
// is bytes, and its tensors say what they are of.
var storageTypes = map[global]DType{
	"torch.FloatStorage": F32, "torch.HalfStorage": F16, "torch.BFloat16Storage": BF16, "torch.DoubleStorage": F64,
	"torch.LongStorage": "I64", "torch.IntStorage": "I32", "torch.ShortStorage": "I16", "torch.CharStorage": "I8",
	"torch.ByteStorage": "U8", "torch.BoolStorage": "BOOL", "torch.ComplexFloatStorage": "C64",
	"torch.storage.UntypedStorage": "U8", "torch.UntypedStorage": "U8", "torch.storage._UntypedStorage": "U8",
}

// torchTypes are torch's names of types.
var torchTypes = map[global]DType{
	"torch.float32": F32, "torch.float16": F16, "torch.bfloat16": BF16, "torch.float64": F64,
	"torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8", "torch.uint8": "U8",
	"torch.bool": "BOOL", "torch.complex64": "C64", "torch.uint16": "U16", "torch.uint32": "U32", "torch.uint64": "U64",
	"torch.float8_e4m3fn": "F8_E4M3", "torch.float8_e5m2": "F8_E5M2", "torch.float8_e8m0fnu": "F8_E8M0",
	"torch.float8_e4m3fnuz": "F8_E4M3FNUZ", "torch.float8_e5m2fnuz": "F8_E5M2FNUZ",
}

// known are the other names a pickle may speak of, with what calling them makes; nil
// makes an object that only remembers its state.
var known = map[global]func(m *machine, args []any) any{
	"collections.OrderedDict":                    makeDict,
	"__builtin__.set":                            makeList,
	"builtins.set":                               makeList,
	"torch.Size":                                 makeList,
	"torch.device":                               nil,
	"torch._utils._rebuild_tensor":               makeTensor,
	"torch._utils._rebuild_tensor_v2":            makeTensor,
	"torch._utils._rebuild_tensor_v3":            makeTensor,
	"torch._utils._rebuild_parameter":            makeFirst,
	"torch._utils._rebuild_parameter_with_state": makeFirst,
	parameterDict:                                nil,
	"_codecs.encode":                             makeBytes,
	"numpy.dtype":                                makeNumpyType,
	"numpy.core.multiarray.scalar":               makeNumber,
	"numpy._core.multiarray.scalar":              makeNumber,
	"numpy.ndarray":                              nil,
	"numpy.core.multiarray._reconstruct":         nil,
	"numpy._core.multiarray._reconstruct":        nil,
}

// parameterDict is what the first embeddings of textual inversion are kept in.
const parameterDict global = "torch.nn.modules.container.ParameterDict"

// inert begins names of classes whose objects may be there: what a trainer left
// behind. Nothing of them is used.
var inert = []string{
	"pytorch_lightning.callbacks.", "pytorch_lightning.utilities.", "pytorch_lightning.loops.",
	"lightning.pytorch.callbacks.", "lightning.pytorch.utilities.", "lightning.fabric.utilities.",
}

// global is the name of a class or function, if it may be spoken of.
func (m *machine) global(module, name string) global {
	if m.err != nil {
		return ""
	}
	g := global(module + "." + name)
	if _, ok := known[g]; ok {
		return g
	}
	if _, ok := storageTypes[g]; ok {
		return g
	}
	if _, ok := torchTypes[g]; ok {
		return g
	}
	for _, begin := range inert {
		if strings.HasPrefix(string(g), begin) {
			return g
		}
	}
	m.fail(fmt.Errorf("its pickle asks for %.200q, which weights don't need and which could do harm: nothing of it was run; get the model as safetensors from a source you trust (%w)",
		string(g), errors.ErrUnsupported))
	return ""
}

// call pushes what a function, or a class, would make of its arguments.
func (m *machine) call(f any, args *list) {
	g, ok := f.(global)
	if !ok || args == nil {
		m.fail(errDamaged)
		return
	}
	if result := known[g]; result != nil {
		m.push(result(m, args.items))
	} else {
		m.push(newDict())
	}
}

// build gives an object its state.
func (m *machine) build(object, state any) {
	d, ok := object.(*dict)
	from, remembers := state.(*dict)
	if !ok || !remembers || d == from || len(d.items) > 0 {
		return // an attribute of a dictionary, or the state of something else: of no use
	}
	if _, module := from.items["_parameters"].(*dict); module {
		from = from.items["_parameters"].(*dict)
	}
	d.items = from.items
}

func makeList(m *machine, args []any) any {
	if len(args) == 0 {
		return &list{}
	}
	return makeFirst(m, args)
}

// makeFirst is for functions that give back their first argument.
func makeFirst(m *machine, args []any) any {
	if len(args) == 0 {
		m.fail(errDamaged)
		return nil
	}
	return args[0]
}

// makeDict is a dictionary of pairs.
func makeDict(m *machine, args []any) any {
	d := newDict()
	if len(args) == 0 {
		return d
	}
	pairs, _ := args[0].(*list)
	if pairs == nil {
		m.fail(errDamaged)
		return d
	}
	m.spend(len(pairs.items))
	for _, p := range pairs.items {
		if m.err != nil {
			break
		}
		if pair, _ := p.(*list); pair != nil {
			m.setItems(d, pair.items)
		}
	}
	return d
}

// makeBytes is for bytes that Python 2 could not spell: text of code points below
// 256.
func makeBytes(m *machine, args []any) any {
	text, _ := makeFirst(m, args).(string)
	if m.spend(len(text)); m.err != nil {
		return nil
	}
	b := make([]byte, 0, len(text))
	for _, r := range text {
		b = append(b, byte(r))
	}
	return b
}

// numpyType is a numpy.dtype, such as f8.
type numpyType struct{ name string }

func makeNumpyType(m *machine, args []any) any {
	name, ok := makeFirst(m, args).(string)
	if !ok {
		m.fail(errDamaged)
	}
	return &numpyType{name}
}

// makeNumber is a numpy number: a type and its bytes.
func makeNumber(m *machine, args []any) any {
	if len(args) != 2 {
		m.fail(errDamaged)
		return nil
	}
	t, _ := args[0].(*numpyType)
	b, _ := args[1].([]byte)
	if t == nil {
		m.fail(errDamaged)
		return nil
	}
	switch {
	case t.name == "f8" && len(b) == 8:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case t.name == "f4" && len(b) == 4:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case strings.HasPrefix(t.name, "i") && len(b) <= 8:
		return long(b)
	case t.name == "b1" && len(b) == 1:
		return b[0] != 0
	}
	return nil
}

// storage is where tensors have their numbers: a record of a zip file or a part of an
// older one.
type storage struct {
	key   string
	dtype DType
	count int64 // of numbers
}

// tensor is a view of a storage.
type tensor struct {
	storage        *storage
	dtype          DType
	offset         int64
	shape, strides []int64
}

// persistent is a value that lies outside of the pickle: of torch, a storage.
func (m *machine) persistent(id any) any {
	l, _ := id.(*list)
	if l == nil || len(l.items) < 5 || l.items[0] != "storage" {
		m.fail(errDamaged)
		return nil
	}
	class, _ := l.items[1].(global)
	dtype, typed := storageTypes[class]
	key, isText := l.items[2].(string)
	count, isCount := l.items[4].(int64)
	if !typed || !isText || !isCount || count < 0 {
		m.fail(errDamaged)
		return nil
	}
	if len(l.items) > 5 && l.items[5] != nil {
		m.fail(fmt.Errorf("it was saved with views of storages, as only the first versions of PyTorch did: get the model as safetensors (%w)", errors.ErrUnsupported))
		return nil
	}
	m.types[key] = dtype
	return &storage{key, dtype, count}
}

// makeTensor is (storage, offset, shape, strides, …); version 3 has the type seventh.
func makeTensor(m *machine, args []any) any {
	if len(args) < 4 {
		m.fail(errDamaged)
		return nil
	}
	t := &tensor{}
	var fine [3]bool
	t.storage, _ = args[0].(*storage)
	t.offset, fine[0] = args[1].(int64)
	t.shape, fine[1] = integers(args[2])
	t.strides, fine[2] = integers(args[3])
	if t.storage == nil || fine != [3]bool{true, true, true} {
		m.fail(errDamaged)
		return nil
	}
	t.dtype = t.storage.dtype
	if len(args) > 6 {
		if g, ok := args[6].(global); ok {
			if t.dtype, ok = torchTypes[g]; !ok {
				m.fail(errDamaged)
			}
		}
	}
	return t
}

// maxAxes is the most dimensions PyTorch lets a tensor have.
const maxAxes = 64

func integers(v any) (all []int64, ok bool) {
	l, ok := v.(*list)
	if !ok || len(l.items) > maxAxes {
		return nil, false
	}
	for _, item := range l.items {
		n, ok := item.(int64)
		if !ok {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}
