// Command app is Darkroom: with no verb it opens the studio; a verb runs
// without a window.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// verb is one thing the program does without a window.
type verb struct {
	name, summary string
	run           func(ctx context.Context, args []string) error
}

func verbs() []verb {
	return []verb{
		{"generate", "draw a picture from a prompt", generate},
		{"prompt", "show how a prompt is read: tokens, weights, steps", promptVerb},
		{"recipe", "tell how a picture was drawn, by Darkroom or another program", showRecipe},
		{"gallery", "the kept pictures: list | search | rebuild", galleryVerb},
		{"bench", "measure seconds per stage and GFLOP/s", bench},
		{"inspect", "say what a model is, of which parts, and what is wrong with it", inspect},
		{"convert", "write a model as one safetensors file", convert},
		{"models", "the library of models: list | add | get | remove | use", modelsVerb},
		{"sheet", "draw a contact sheet of many prompts", sheet},
		{"train", "train the default model: data | autoencoder | words | text | denoiser | preview | tiny | fewsteps", trainVerb},
		{"version", "print the version and the arithmetic in use", version},
	}
}

func main() { os.Exit(run(os.Args[1:])) }

// run returns the exit code: 0 done, 1 failed, 2 misused, 130 interrupted.
func run(args []string) int {
	if len(args) == 0 {
		return studio(args)
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(os.Stdout)
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, v := range verbs() {
		if v.name != args[0] {
			continue
		}
		err := v.run(ctx, args[1:])
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, context.Canceled):
			fmt.Fprintln(os.Stderr, "darkroom: stopped")
			return 130
		}
		fmt.Fprintf(terminal{os.Stderr}, "darkroom %s: %v\n", v.name, err)
		if errors.Is(err, errUsage) {
			return 2
		}
		return 1
	}
	fmt.Fprintf(os.Stderr, "darkroom: there is no verb %q\n\n", args[0])
	usage(os.Stderr)
	return 2
}

// errUsage is wrapped by errors about the command line itself.
var errUsage = errors.New("wrong use")

func usage(w io.Writer) {
	fmt.Fprintln(w, "Darkroom develops pictures out of noise, steered by words.")
	fmt.Fprintln(w, "\nWith no verb it opens the studio. Verbs, each with --help:")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-10s %s\n", v.name, v.summary)
	}
}

// flags makes a flag set that reports its errors instead of exiting.
func flags(name, synopsis string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {
		fmt.Printf("usage: darkroom %s %s\n\n", name, synopsis)
		f.SetOutput(os.Stdout)
		f.PrintDefaults()
	}
	return f
}

// parse reads flags only; anything left over is an error.
func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w (see darkroom %s --help)", errUsage, err, f.Name())
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%w: %q is not a flag (see darkroom %s --help)", errUsage, f.Arg(0), f.Name())
	}
	return nil
}
