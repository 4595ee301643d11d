package data

// manager is the program that gets a package by name and version.
type manager string

const (
	npm       manager = "npm"
	debian    manager = "Debian"
	debSource manager = "Debian source"
)

// Package is where pictures or words of the data set come from.
type Package struct {
	Manager manager
	Name    string
	Version string
	SHA256  string // of the archive, Archive
	Use     string // what of it goes into the data set
	Licence string // of what is used
	Credit  string // who made it

	style   string   // of its pictures, if all have one
	licence []string // paths of licence texts in the package
	notice  string   // a licence text that the package lacks

	// sentences calls each with every sentence of an unpacked package of Texts.
	sentences func(folder string, each func(sentence string)) error
}

// Packages are all sources of the data set's pictures and of what they show.
var Packages = []Package{
	{
		Manager: npm, Name: "@lobehub/fluent-emoji-3d", Version: "1.1.0", style: Render,
		SHA256: "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
		Use:    "emoji art as 3D renders", Licence: "MIT",
		Credit:  "art: Fluent Emoji, © Microsoft Corporation; package: © 2023 LobeHub",
		licence: []string{"README.md"}, notice: fluentNotice,
	},
	{
		Manager: npm, Name: "@iconify-json/fluent-emoji-flat", Version: "1.2.6", style: Flat,
		SHA256: "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
		Use:    "the same things as flat icons", Licence: "MIT", Credit: "Fluent Emoji, © Microsoft Corporation",
	},
	{
		Manager: npm, Name: "@iconify-json/fluent-emoji-high-contrast", Version: "1.2.6", style: Glyph,
		SHA256: "0b92d48c90d2200bd499e3cdd09a127ca6a8c8ddefd34c35eb5a1e4994012ae0",
		Use:    "the same things in black and white", Licence: "MIT", Credit: "Fluent Emoji, © Microsoft Corporation",
	},
	{
		Manager: npm, Name: "@iconify-json/noto", Version: "1.2.9", style: Cartoon,
		SHA256: "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
		Use:    "the same things as cartoons", Licence: "Apache-2.0", Credit: "Noto Emoji, © Google LLC",
	},
	{
		Manager: npm, Name: "@iconify-json/twemoji", Version: "1.2.5", style: Sticker,
		SHA256: "19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7",
		Use:    "the same things as stickers", Licence: "CC-BY-4.0", Credit: "Twemoji, © Twitter, Inc and other contributors",
	},
	{
		Manager: npm, Name: "emojibase-data", Version: "17.0.0",
		SHA256: "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
		Use:    "the emojis' English names and groups", Licence: "MIT", Credit: "© Miles Johnson",
		licence: []string{"LICENSE"},
	},
	{
		Manager: debian, Name: "sweethome3d-furniture", Version: "1.8-1", style: Realistic,
		SHA256: "3ccb90c63f9525e887a767b9cd5c8b6933b8b6b2973a615a5359ee68a2118668",
		Use:    "3D models, rendered from many sides", Licence: "CC0-1.0, CC-BY-3.0 and CC-BY-3.0-US, by model",
		Credit:  "Sweet Home 3D's libraries, collected by Emmanuel Puybaret; the makers of the models are listed below",
		licence: []string{"usr/share/doc/sweethome3d-furniture/copyright"},
	},
	{
		Manager: npm, Name: "@dicebear/core", Version: "9.4.3",
		SHA256: "6ca7dae651c74ad547e548fbe7c41f49aaa377cf4617259277518389bf6b1a3d",
		Use:    "draws the portraits", Licence: "MIT", Credit: "© 2024 Florian Körner", licence: []string{"LICENSE"},
	},
	portraitPackage("personas", "6f5b4765c4d54444ab0330c4a89da53636662de3b04118b827f005a31332d002", "CC-BY-4.0", "Personas by Draftbit"),
	portraitPackage("micah", "b948931f01e97147ce8cdcfc4dfdad5c029bcb1ad57420dc0b22bc0aeb1d3fa7", "CC-BY-4.0", "Avatar Illustration System by Micah Lanier"),
	portraitPackage("adventurer", "6edeac04f94ef6177c946918dce012e530200dfcc274b4f954239e33ecbe590c", "CC-BY-4.0", "Adventurer by Lisa Wischofsky"),
	portraitPackage("big-smile", "8dbd7b96c9ceaf9dd7c280cdae4f0bb3e43ab2798b7bedbe355fbb3ce30e87bb", "CC-BY-4.0", "Custom Avatar by Ashley Seo"),
	portraitPackage("open-peeps", "65b664ec00dc69c068051461f2b5bd97c8335af676e36c284e906a3017c23d4f", "CC0-1.0", "Open Peeps by Pablo Stanley"),
	{
		Manager: debSource, Name: "crawl", Version: "2:0.28.0-1.1", style: PixelArt,
		SHA256: "5a6be168f8888b84bdb199184ca20bd8636f77ba7e9e0124ebee8850092f2f47",
		Use:    "the tiles that pixelart.txt lists, none of unclear origin", Licence: "CC0-1.0",
		Credit: "the artists of Dungeon Crawl Stone Soup",
	},
	{
		Manager: debian, Name: "openclipart-svg", Version: "1:0.18+dfsg-19", style: ClipArt,
		SHA256: "989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5",
		Use:    "the drawings that clipart.txt lists, each marked as public domain", Licence: "public domain",
		Credit:  "the Open Clip Art Library; the makers of the drawings are listed below",
		licence: []string{"usr/share/doc/openclipart-svg/copyright"},
	},
}

func portraitPackage(style, sum, licence, credit string) Package {
	return Package{
		Manager: npm, Name: "@dicebear/" + style, Version: "9.4.3", SHA256: sum,
		Use: "portraits with known traits", Licence: licence, Credit: credit, licence: []string{"LICENSE"},
	}
}

// fluentNotice is that of the art's origin, which the packages don't carry.
const fluentNotice = `MIT License

Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`
