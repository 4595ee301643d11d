package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
)

// looks tells other files people take for models by how they begin.
var looks = []struct{ begins, is, help string }{
	{"version https://git-lfs", "a Git LFS pointer, which only names the real file", "run `git lfs pull` where it lies, or download the file itself"},
	{"<", "a web page", "the download was answered by a page, perhaps one that asks to log in: download it again in a browser"},
	{"{", "plain JSON", "choose the .safetensors file itself, not its index or configuration"},
	{"\x89HDF", "a Keras (HDF5) file", "download the model's .safetensors file"},
	{"\x1f\x8b", "a gzip archive", "unpack it first"},
	{"7z\xbc\xaf", "a 7z archive", "unpack it first"},
	{"Rar!", "a RAR archive", "unpack it first"},
	{"\x89PNG", "a picture", "choose the model's file, not its preview"},
	{"\xff\xd8\xff", "a picture", "choose the model's file, not its preview"},
	{"RIFF", "a picture", "choose the model's file, not its preview"},
	{"lmgg", "GGML, which GGUF has replaced", "get the model as GGUF or safetensors"},
	{"tjgg", "GGML, which GGUF has replaced", "get the model as GGUF or safetensors"},
	{"GGML", "GGML, which GGUF has replaced", "get the model as GGUF or safetensors"},
}

// foreign turns why, the reason a file of no known beginning can't be read as
// safetensors, into the likelier one when the file, of which head is the first part,
// begins like something else.
func foreign(head []byte, why error) error {
	text := bytes.TrimLeft(head, "\ufeff \t\r\n")
	for _, l := range looks {
		if bytes.HasPrefix(text, []byte(l.begins)) {
			return fmt.Errorf("this looks like %s, not like a model: %s (%w)", l.is, l.help, errors.ErrUnsupported)
		}
	}
	switch {
	case len(head) == 0:
		return errors.New("it is 0 bytes long, the download never began: download it again")
	case len(head) > 8 && len(bytes.Trim(head, "\x00")) == 0:
		return errors.New("it begins with zeros only, as an interrupted download does: download it again")
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return fmt.Errorf("this is a tar archive, perhaps of PyTorch before 0.1.10: unpack it, or get the model as safetensors (%w)", errors.ErrUnsupported)
	}
	return fmt.Errorf("it is neither safetensors, GGUF nor a PyTorch file, or it is damaged: %w", why)
}
