package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"darkroom/engine/train"
	"darkroom/engine/train/bpe"
	"darkroom/engine/train/data"
	"darkroom/engine/train/words"
)

// vocabulary is how many merges the default model's tokenizer learns; 2 169 of the
// 2 564 words of its captions are then one token, 98.7 % of what they say.
const vocabulary = 4096

func trainVerb(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: say what to train: data, autoencoder, words, text, denoiser, preview, tiny or fewsteps, in this order", errUsage)
	}
	stage := args[0]
	f := flags("train "+stage, "[flags]")
	o := train.Options{Log: os.Stdout}
	f.StringVar(&o.Dir, "dir", "train", "folder of the data set, the states and the model in the making")
	var (
		train1   func(context.Context, train.Options) error
		pictures int
	)
	steps := func(steps, batch int, lr float64, every int) {
		f.IntVar(&o.Steps, "steps", steps, "training steps in all; a stopped run goes on where it was")
		f.IntVar(&o.Batch, "batch", batch, "pictures per step")
		f.Float64Var(&o.LR, "lr", lr, "learning rate at its highest")
		f.IntVar(&o.Every, "every", every, "steps between saved states and sample sheets")
	}
	fetched := ""
	if stage == "data" || stage == "words" {
		f.StringVar(&fetched, "fetched", "", "folder the packages are fetched to (default DIR/fetched)")
	}
	switch stage {
	case "data":
		train1 = func(ctx context.Context, o train.Options) error { return trainData(ctx, o.Dir, fetched) }
	case "words":
		cfg := words.Default
		f.IntVar(&cfg.Dim, "dim", cfg.Dim, "numbers of a word's vector")
		f.IntVar(&cfg.Epochs, "epochs", cfg.Epochs, "times the text is read")
		train1 = func(ctx context.Context, o train.Options) error {
			if cfg.Dim < 1 || cfg.Epochs < 1 {
				return fmt.Errorf("%w: dim and epochs must be positive", errUsage)
			}
			if err := data.Fetch(ctx, data.Texts, fetched, os.Stdout); err != nil {
				return err
			}
			return train.Words(ctx, o, fetched, cfg)
		}
	case "autoencoder":
		steps(25000, 8, 1e-3, 500)
		train1 = train.Autoencoder
	case "text":
		steps(8000, 128, 1e-3, 500)
		train1 = train.Text
	case "denoiser":
		steps(31250, 32, 5e-4, 1250)
		f.IntVar(&pictures, "pictures", 200000, "composed pictures to train on")
		train1 = func(ctx context.Context, o train.Options) error { return train.Denoiser(ctx, o, pictures) }
	case "preview":
		train1 = train.Preview
	case "tiny":
		steps(7500, 8, 1e-3, 500)
		f.IntVar(&pictures, "pictures", 200000, "composed pictures to train on, those of the denoiser if it had as many")
		train1 = func(ctx context.Context, o train.Options) error { return train.TinyDecoder(ctx, o, pictures) }
	case "fewsteps":
		steps(6250, 24, 1e-3, 500)
		f.IntVar(&pictures, "pictures", 200000, "composed pictures to train on, those of the denoiser if it had as many")
		rank := f.Int("rank", 16, "rank of the LoRA")
		train1 = func(ctx context.Context, o train.Options) error {
			if *rank < 1 {
				return fmt.Errorf("%w: rank must be positive", errUsage)
			}
			return train.FewStepsModel(ctx, o, pictures, *rank)
		}
	default:
		return fmt.Errorf("%w: there is no %q to train; choose data, autoencoder, words, text, denoiser, preview, tiny or fewsteps", errUsage, stage)
	}
	if err := parse(f, args[1:]); err != nil {
		return err
	}
	if fetched == "" {
		fetched = filepath.Join(o.Dir, "fetched")
	}
	if f.Lookup("steps") != nil && (o.Steps < 1 || o.Batch < 1 || o.Every < 1 || !(o.LR > 0)) {
		return fmt.Errorf("%w: steps, batch, every and lr must be positive", errUsage)
	}
	return train1(ctx, o)
}

// trainData fetches the packages, builds the sprites and trains the tokenizer.
func trainData(ctx context.Context, dir, fetched string) error {
	if err := data.Fetch(ctx, data.Packages, fetched, os.Stdout); err != nil {
		return err
	}
	built := filepath.Join(dir, "data")
	if err := data.Build(fetched, built, func(done, total int) {
		if done%100 == 0 || done == total {
			fmt.Printf("\rpictures %d/%d", done, total)
		}
	}); err != nil {
		return err
	}
	fmt.Println()
	set, err := data.Open(built)
	if err != nil {
		return err
	}
	defer set.Close()
	vocab, merges := bpe.Train(append(set.Captions(20000), data.Words...), vocabulary)
	out := filepath.Join(dir, "model", "tokenizer")
	if err := bpe.Write(out, vocab, merges, train.MaxTokens); err != nil {
		return err
	}
	sheet := filepath.Join(dir, "run", "data.png")
	if err := train.DataSheet(set, sheet); err != nil {
		return err
	}
	fmt.Printf("%d things, %d tokens in %s, samples in %s\n", len(set.Concepts()), len(vocab), out, sheet)
	return nil
}
