package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
)

// looks tells other files people take for safetensors by how they begin.
var looks = []struct{ begins, is, help string }{
	{"PK\x03\x04", "a PyTorch checkpoint (.ckpt, .pt, .bin) or another zip archive", "download the model's .safetensors file, or convert it"},
	{"\x80\x02", "an old PyTorch checkpoint (a pickle)", "download the model's .safetensors file, or convert it"},
	{"\x80\x04", "a Python pickle", "download the model's .safetensors file, or convert it"},
	{"GGUF", "a GGUF file", "download the model's .safetensors file"},
	{"version https://git-lfs", "a Git LFS pointer, which only names the real file", "run `git lfs pull` where it lies, or download the file itself"},
	{"<", "a web page", "the download was answered by a page, perhaps one that asks to log in: download it again in a browser"},
	{"{", "plain JSON", "choose the .safetensors file itself, not its index or configuration"},
	{"\x89HDF", "a Keras (HDF5) file", "download the model's .safetensors file"},
	{"\x1f\x8b", "a gzip archive", "unpack it first"},
}

// foreign turns why, the reason a header can't be read, into the likelier one
// when the file, of which head is the first part, begins like something else.
func foreign(head []byte, why error) error {
	if len(head) > 8 && head[8] == '{' && bytes.HasPrefix(head[4:], make([]byte, 4)) {
		return why // a length below 2³² and a brace: nothing else begins so
	}
	text := bytes.TrimLeft(head, "\ufeff \t\r\n")
	for _, l := range looks {
		if bytes.HasPrefix(text, []byte(l.begins)) {
			return fmt.Errorf("this looks like %s, not like safetensors: %s (%w)", l.is, l.help, errors.ErrUnsupported)
		}
	}
	return fmt.Errorf("not a readable safetensors file: %w", why)
}
