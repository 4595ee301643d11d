package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// A pickle is a program for a machine with a stack that makes Python values, and in
// Python may call any function at all. This machine calls none: it knows values, and
// a few names of functions (pickle_globals.go) whose result it can make itself.
//
// What it makes: nil, bool, int64, bigInt, float64, string, []byte, and
//   - *list for lists, tuples and sets
//   - *dict for dictionaries and for objects, which are what they remember
//   - global for the name of a class or a function
//   - *tensor, and *storage where its numbers are.
type (
	list   struct{ items []any }
	dict   struct{ items map[string]any }
	global string
	bigInt string // little-endian two's complement of more than 8 bytes
)

// The opcodes of protocols 2 to 5, by their names in Python's pickletools; those only
// older protocols use are left out.
const (
	opMark           = '('
	opStop           = '.'
	opPop            = '0'
	opPopMark        = '1'
	opDup            = '2'
	opBinFloat       = 'G'
	opBinInt         = 'J'
	opBinInt1        = 'K'
	opBinInt2        = 'M'
	opNone           = 'N'
	opBinPersid      = 'Q'
	opReduce         = 'R'
	opBinString      = 'T'
	opShortBinString = 'U'
	opBinUnicode     = 'X'
	opAppend         = 'a'
	opBuild          = 'b'
	opGlobal         = 'c'
	opAppends        = 'e'
	opBinGet         = 'h'
	opLongBinGet     = 'j'
	opEmptyList      = ']'
	opBinPut         = 'q'
	opLongBinPut     = 'r'
	opSetItem        = 's'
	opTuple          = 't'
	opEmptyTuple     = ')'
	opSetItems       = 'u'
	opEmptyDict      = '}'
	opDict           = 'd'
	opList           = 'l'

	opProto    = 0x80
	opNewObj   = 0x81
	opTuple1   = 0x85
	opTuple2   = 0x86
	opTuple3   = 0x87
	opNewTrue  = 0x88
	opNewFalse = 0x89
	opLong1    = 0x8a
	opLong4    = 0x8b

	opBinBytes      = 'B'
	opShortBinBytes = 'C'

	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opBinBytes8       = 0x8e
	opEmptySet        = 0x8f
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opNewObjEx        = 0x92
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95
	opByteArray8      = 0x96
)

// maxProtocol is the newest protocol of pickles.
const maxProtocol = 5

// maxSteps is how many opcodes a pickle may have: sixty times of what Stable Diffusion
// 1.5 needs, and several times of an XL with all that its training leaves behind. Each
// takes some memory.
const maxSteps = 1 << 21

// machine runs one pickle.
type machine struct {
	rest  []byte
	stack []any
	marks []int // where on the stack a mark is
	memo  map[uint32]any
	steps int
	spent int // on copies of what the pickle has only once
	most  int // that may be spent
	err   error

	types map[string]DType // of the storages it names, by their keys
}

// errDamaged is the reason of all that no pickle has.
var errDamaged = errors.New("its pickle is damaged: download the file again")

func newMachine(b []byte) *machine {
	return &machine{rest: b, most: len(b), memo: map[uint32]any{}, types: map[string]DType{}}
}

// run makes the value of a pickle and gives what follows it.
func (m *machine) run() (value any, rest []byte, err error) {
	for m.err == nil {
		op := m.bytes(1)
		if op == nil {
			break
		}
		if op[0] == opStop {
			value = m.pop()
			break
		}
		if m.steps++; m.steps > maxSteps {
			m.fail(fmt.Errorf("its pickle has more than %d steps: it is no model, or damaged: get the model as safetensors", maxSteps))
		}
		m.step(op[0])
	}
	return value, m.rest, m.err
}

// spend makes sure that a pickle that names one thing again and again does not make
// more of it than the pickle is long.
func (m *machine) spend(n int) {
	if m.spent += n; m.spent > m.most {
		m.fail(errDamaged)
	}
}

func (m *machine) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// bytes is the next n of them; nil, and an error, if there are fewer.
func (m *machine) bytes(n uint64) []byte {
	if n > uint64(len(m.rest)) {
		m.fail(errors.New("its pickle is cut short: download the file again"))
		return nil
	}
	b := m.rest[:n:n]
	m.rest = m.rest[n:]
	return b
}

// uint is a little-endian number of n bytes.
func (m *machine) uint(n int) uint64 {
	var b [8]byte
	copy(b[:], m.bytes(uint64(n)))
	return binary.LittleEndian.Uint64(b[:])
}

// line is text up to a line's end.
func (m *machine) line() string {
	for i, c := range m.rest {
		if c == '\n' {
			s := string(m.rest[:i])
			m.rest = m.rest[i+1:]
			return s
		}
	}
	m.bytes(math.MaxUint64)
	return ""
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// pop takes the uppermost value, which must be above the last mark.
func (m *machine) pop() any {
	least := 0
	if len(m.marks) > 0 {
		least = m.marks[len(m.marks)-1]
	}
	if len(m.stack) <= least {
		m.fail(errDamaged)
		return nil
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v
}

// popMark takes all values above the last mark, and the mark. They are valid until
// the next push.
func (m *machine) popMark() []any {
	if len(m.marks) == 0 {
		m.fail(errDamaged)
		return nil
	}
	from := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	items := m.stack[from:]
	m.stack = m.stack[:from]
	return items
}

// popList is the last n values, or with n < 0 those above the mark, as a list.
func (m *machine) popList(n int) *list {
	if n < 0 {
		return &list{append([]any(nil), m.popMark()...)}
	}
	items := make([]any, n)
	for i := range items {
		items[n-1-i] = m.pop()
	}
	return &list{items}
}

func (m *machine) step(op byte) {
	switch op {
	case opProto:
		if v := m.uint(1); v > maxProtocol {
			m.fail(fmt.Errorf("its pickle is of protocol %d, and %d is the newest known: save the model as safetensors (%w)", v, maxProtocol, errors.ErrUnsupported))
		}
	case opFrame:
		m.uint(8) // only says how much to read ahead
	case opMark:
		m.marks = append(m.marks, len(m.stack))
	case opPop:
		if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
			m.marks = m.marks[:n-1]
		} else {
			m.pop()
		}
	case opPopMark:
		m.popMark()
	case opDup:
		v := m.pop()
		m.push(v)
		m.push(v)

	case opNone:
		m.push(nil)
	case opNewTrue:
		m.push(true)
	case opNewFalse:
		m.push(false)
	case opBinInt:
		m.push(int64(int32(m.uint(4))))
	case opBinInt1:
		m.push(int64(m.uint(1)))
	case opBinInt2:
		m.push(int64(m.uint(2)))
	case opLong1:
		m.push(long(m.bytes(m.uint(1))))
	case opLong4:
		m.push(long(m.bytes(m.uint(4))))
	case opBinFloat:
		if b := m.bytes(8); b != nil {
			m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		}
	case opShortBinUnicode, opShortBinString:
		m.push(string(m.bytes(m.uint(1))))
	case opBinUnicode, opBinString:
		m.push(string(m.bytes(m.uint(4))))
	case opBinUnicode8:
		m.push(string(m.bytes(m.uint(8))))
	case opShortBinBytes:
		m.push(append([]byte{}, m.bytes(m.uint(1))...))
	case opBinBytes:
		m.push(append([]byte{}, m.bytes(m.uint(4))...))
	case opBinBytes8, opByteArray8:
		m.push(append([]byte{}, m.bytes(m.uint(8))...))

	case opEmptyList, opEmptyTuple, opEmptySet:
		m.push(&list{})
	case opTuple, opList, opFrozenSet:
		m.push(m.popList(-1))
	case opTuple1, opTuple2, opTuple3:
		m.push(m.popList(int(op-opTuple1) + 1))
	case opAppend:
		v := m.pop()
		m.extend([]any{v})
	case opAppends, opAddItems:
		m.extend(m.popMark())
	case opEmptyDict:
		m.push(newDict())
	case opDict:
		items := m.popMark()
		d := newDict()
		m.setItems(d, items)
		m.push(d)
	case opSetItem:
		value := m.pop()
		key := m.pop()
		m.setItems(m.top(), []any{key, value})
	case opSetItems:
		items := m.popMark()
		m.setItems(m.top(), items)

	case opBinPut:
		m.memo[uint32(m.uint(1))] = m.top()
	case opLongBinPut:
		m.memo[uint32(m.uint(4))] = m.top()
	case opMemoize:
		m.memo[uint32(len(m.memo))] = m.top()
	case opBinGet:
		m.recall(uint32(m.uint(1)))
	case opLongBinGet:
		m.recall(uint32(m.uint(4)))

	case opGlobal:
		module := m.line()
		m.push(m.global(module, m.line()))
	case opStackGlobal:
		name, _ := m.pop().(string)
		module, _ := m.pop().(string)
		m.push(m.global(module, name))
	case opReduce, opNewObj:
		args, _ := m.pop().(*list)
		m.call(m.pop(), args)
	case opNewObjEx:
		m.pop() // arguments by name
		args, _ := m.pop().(*list)
		m.call(m.pop(), args)
	case opBuild:
		state := m.pop()
		m.build(m.top(), state)
	case opBinPersid:
		m.push(m.persistent(m.pop()))
	default:
		m.fail(fmt.Errorf("its pickle has the opcode %#02x, which no torch file needs: it is damaged, or save the model as safetensors (%w)", op, errors.ErrUnsupported))
	}
}

// top is the uppermost value, which stays.
func (m *machine) top() any {
	v := m.pop()
	if m.err == nil {
		m.push(v)
	}
	return v
}

func (m *machine) recall(at uint32) {
	v, ok := m.memo[at]
	if !ok {
		m.fail(errDamaged)
	}
	m.push(v)
}

// extend appends to the list on top; of an object that is a list, such as a user's
// own class, nothing is kept.
func (m *machine) extend(items []any) {
	switch l := m.top().(type) {
	case *list:
		l.items = append(l.items, items...)
	case *dict:
	default:
		m.fail(errDamaged)
	}
}

func newDict() *dict { return &dict{map[string]any{}} }

// setItems puts keys and values, in turn, into a dictionary.
func (m *machine) setItems(into any, items []any) {
	d, ok := into.(*dict)
	if !ok || len(items)%2 != 0 {
		m.fail(errDamaged)
		return
	}
	for i := 0; i < len(items); i += 2 {
		key, ok := keyText(items[i])
		if !ok {
			continue // nothing that is looked for has such a key
		}
		d.items[key] = items[i+1]
	}
}

// keyText is the text by which a key is looked up: numbers are keys too, as the
// widths in a hypernetwork are.
func keyText(key any) (string, bool) {
	switch k := key.(type) {
	case string:
		return k, true
	case int64:
		return strconv.FormatInt(k, 10), true
	case global:
		return string(k), true
	}
	return "", false
}

// long is a little-endian integer of any length.
func long(b []byte) any {
	if len(b) > 8 {
		return bigInt(b)
	}
	var full [8]byte
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		full = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	copy(full[:], b)
	return int64(binary.LittleEndian.Uint64(full[:]))
}
