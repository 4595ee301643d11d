package main

import (
	"context"
	"fmt"
	"os"

	"darkroom/engine/nn"
	"darkroom/engine/train"
	"darkroom/engine/train/data"
)

// sheet draws the evaluation prompts with several seeds each.
func sheet(ctx context.Context, args []string) error {
	f := flags("sheet", "--out sheet.png [flags]")
	out := f.String("out", "", "PNG file to write")
	var model, name string
	modelVar(f, &model)
	precisionVar(f, &name)
	seeds := f.Int("seeds", 4, "pictures of each prompt, with seeds 1, 2, …")
	columns := f.Int("columns", 4, "prompts in a row")
	if err := parse(f, args); err != nil {
		return err
	}
	if *out == "" || *seeds < 1 || *columns < 1 {
		return fmt.Errorf("%w: give --out FILE.png, and at least 1 for --seeds and --columns", errUsage)
	}
	precision, err := nn.ParsePrecision(name)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if model, err = modelNamed(ctx, model); err != nil {
		return err
	}
	if err := writable(*out); err != nil {
		return err
	}
	if err := train.PromptSheet(ctx, model, precision, *out, data.Prompts, *seeds, *columns); err != nil {
		return err
	}
	for i, p := range data.Prompts {
		fmt.Fprintf(os.Stdout, "row %d, column %d: %s\n", i / *columns + 1, i%*columns+1, p)
	}
	return nil
}
