#!/bin/sh
# Packages the studio for Linux with Fyne's own tool: build/Darkroom.tar.xz holds the
# program, its icon, its .desktop file, the licences and a Makefile that installs them
# (make user-install). Then it looks whether what came out is whole and draws.
# For a package that names no folder of this machine: GOFLAGS=-trimpath scripts/package.sh
set -eu
CDPATH="" cd -- "$(dirname "$0")/.."
. scripts/setup.sh

need_go
need_window
need_packaging

# The tool counts up the build in the FyneApp.toml that it reads: it gets a copy. It
# wants to see Go code beside it, though the program is built already.
stage=$(mktemp -d)
home=$(mktemp -d)
trap 'rm -rf "$stage" "$home"' EXIT
mkdir -p build "$stage/assets"
go build -tags migrated_fynedo -ldflags "-s -w" -o "$stage/darkroom" ./app
cp FyneApp.toml app/main.go "$stage"
cp assets/icon.png "$stage/assets"
(cd "$stage" && go run fyne.io/tools/cmd/fyne@v1.7.4 package --os linux --executable darkroom)

# The licences travel with the program.
archive=build/Darkroom.tar.xz
tar -C "$stage" -xf "$stage/Darkroom.tar.xz"
unpacked=$stage/$(tar -tf "$stage/Darkroom.tar.xz" | head -n 1)
cp LICENSE NOTICE weights/THIRD_PARTY_DATA.md "$unpacked"
XZ_OPT=-T0 tar -C "$stage" -cJf "$archive" "$(basename "$unpacked")"

# As a person would: unpack, install, start.
tar -C "$home" -xf "$archive"
make -s -C "$home/$(basename "$unpacked")" user-install HOME="$home" >/dev/null
desktop-file-validate "$home"/.local/share/applications/*.desktop
icon=$(sed -n 's/^Icon=//p' "$home"/.local/share/applications/*.desktop)
[ -n "$(find "$home/.local/share" -name "$icon.png")" ] || fail "the package lacks its icon, $icon.png"
"$home/.local/bin/darkroom" generate --prompt "a red apple" --seed 7 --steps 2 --out "$home/apple.png" >/dev/null
[ -s "$home/apple.png" ] || fail "the packaged program drew nothing"
say "$archive is $(($(wc -c <"$archive") / 1000000)) MB; unpack it and run: make user-install"
