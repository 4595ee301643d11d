package recipe

import (
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// object is a JSON object whose fields may be of any type: what a program wrote
// as a number may be in quotes in another version of it.
type object map[string]any

// parseObject reads a JSON object with its numbers as they are written; false
// when it is none.
func parseObject(text string) (object, bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var o object
	if d.Decode(&o) != nil || o == nil {
		return nil, false
	}
	return o, true
}

// at is the object in a field; an empty one when there is none.
func (o object) at(key string) object {
	switch v := o[key].(type) {
	case map[string]any:
		return v
	case string: // an object in a string
		if inner, ok := parseObject(v); ok {
			return inner
		}
	}
	return nil
}

// list is the list in a field.
func (o object) list(key string) []any {
	l, _ := o[key].([]any)
	return l
}

// text is the first of the fields that holds words, or a number as it is written.
func (o object) text(keys ...string) string {
	for _, key := range keys {
		if s := words(o[key]); s != "" {
			return s
		}
	}
	return ""
}

// words is a string or a number; "" for anything else.
func words(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// number is the first of the fields that holds a number.
func (o object) number(keys ...string) *float64 {
	for _, key := range keys {
		if v, err := strconv.ParseFloat(o.text(key), 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
			return &v
		}
	}
	return nil
}

// integer is the first of the fields that holds a number, without its fraction;
// 0 when none does or it is beyond what any size or count can be.
func (o object) integer(keys ...string) int {
	if v := o.number(keys...); v != nil && math.Abs(*v) < 1<<31 {
		return int(*v)
	}
	return 0
}

// seed is the first of the fields that holds a seed.
func (o object) seed(keys ...string) *uint64 {
	for _, key := range keys {
		if n, err := strconv.ParseUint(o.text(key), 10, 64); err == nil {
			return &n
		}
	}
	return nil
}

// isSet reports whether a field is there and neither empty, false, 0 nor None.
func (o object) isSet(key string) bool {
	switch v := o[key].(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != "" && v != "None"
	case json.Number:
		f, err := v.Float64()
		return err != nil || f != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// keys is the names of the fields in a fixed order, numbers by their value.
func (o object) keys() []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		if a, b := len(keys[i]), len(keys[j]); a != b {
			return a < b
		}
		return keys[i] < keys[j]
	})
	return keys
}

// noteSet adds a sentence about the first of the fields that is set.
func (r *Recipe) noteSet(o object, sentence string, keys ...string) {
	for _, key := range keys {
		if o.isSet(key) {
			r.note(strings.ReplaceAll(sentence, "%s", shorten(fmt.Sprint(o[key]))))
			return
		}
	}
}
