package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
	"darkroom/engine/system"
)

// dtypes is the types that convert writes, by what people call them.
var dtypes = map[string]checkpoint.DType{
	"": "", "f16": checkpoint.F16, "float16": checkpoint.F16, "fp16": checkpoint.F16, "bf16": checkpoint.BF16, "bfloat16": checkpoint.BF16,
	"f32": checkpoint.F32, "float32": checkpoint.F32, "fp32": checkpoint.F32,
}

// convert writes a model as one clean safetensors file.
func convert(ctx context.Context, args []string) error {
	var name string
	var force bool
	paths, err := operands("convert", "IN OUT.safetensors [flags]", func(f *flag.FlagSet) {
		f.StringVar(&name, "dtype", "", "f16, bf16 or f32; else each tensor keeps its type, and those of blocks become f16")
		f.BoolVar(&force, "force", false, "replace a file that is there already")
	}, args, "a model (a file or a folder)", "the file to write")
	if err != nil {
		return err
	}
	dtype, known := dtypes[strings.ToLower(name)]
	in, out := paths[0], paths[1]
	switch {
	case !known:
		return fmt.Errorf("%w: --dtype is %q; choose f16, bf16 or f32", errUsage, name)
	case !strings.EqualFold(filepath.Ext(out), ".safetensors"):
		return fmt.Errorf("%w: %s: the new file's name must end in .safetensors", errUsage, out)
	}
	if in, err = modelNamed(ctx, in); err != nil {
		return err
	}
	if there, err := os.Stat(out); err == nil {
		if from, err := os.Stat(in); err == nil && os.SameFile(from, there) {
			return fmt.Errorf("%s is what is to be converted: give the new file another name", out)
		}
		if !force {
			return fmt.Errorf("%s is there already: give the new file another name, or say --force to replace it", out)
		}
	}
	dir := filepath.Dir(out)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s can't be written: there is no folder %s", out, dir)
	}
	tensors, metadata, note, closer, err := toConvert(in, dtype)
	if err != nil {
		return err
	}
	defer closer.Close()
	var bytes int64
	for i, t := range tensors {
		bytes += t.Bytes()
		write := t.Write
		tensors[i].Write = func(w io.Writer) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return write(w)
		}
	}
	if free := system.FreeDisk(dir); bytes > free {
		return fmt.Errorf("the disk of %s has %s free, and %s are needed: make room, or write to another disk", dir, system.Bytes(free), system.Bytes(bytes))
	}
	if err := checkpoint.WriteStreams(out, tensors, metadata); err != nil {
		return err
	}
	fmt.Printf("%s: %d tensors, %s%s\n", out, len(tensors), system.Bytes(bytes), note)
	return nil
}

// toConvert lists what convert writes: a whole model's tensors under the names of a
// single file, and those of other files, such as a LoRA, as they are called there.
func toConvert(in string, dtype checkpoint.DType) (tensors []checkpoint.Stream, metadata map[string]string, note string, open io.Closer, err error) {
	m, err := family.Open(in)
	if err == nil && m.Family != family.None {
		if tensors, metadata, err = m.Single(dtype); err != nil {
			m.Close()
			return nil, nil, "", nil, err
		}
		if n := len(m.Unknown); n > 0 {
			note = fmt.Sprintf("; %d tensors that belong to no part were left out, such as %q", n, m.Unknown[0])
		}
		return tensors, metadata, string(", "+m.Family) + note, m, nil
	}
	if err == nil {
		m.Close()
		if m.Folder != nil {
			return nil, nil, "", nil, m.Check()
		}
	} else if !errors.Is(err, errors.ErrUnsupported) {
		return nil, nil, "", nil, err
	}
	f, err := checkpoint.Open(in)
	if err != nil {
		return nil, nil, "", nil, err
	}
	for _, name := range f.Names() {
		s, err := f.Stream(name, name, dtype)
		if err != nil {
			f.Close()
			return nil, nil, "", nil, err
		}
		tensors = append(tensors, s)
	}
	return tensors, f.Metadata(), "; it is no whole model, so its tensors keep their names", f, nil
}
