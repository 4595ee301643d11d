#!/bin/sh
# Measures the window with 50 000 kept pictures: how long its goroutine keeps one waiting
# while it opens the gallery, is scrolled with the wheel and page by page, jumps to both
# ends and searches, and how much memory it takes. It wants xvfb-run, xdotool and the
# program's path:
#
#     scripts/measure_gallery.sh ./darkroom [FOLDER]
#
# FOLDER is for the pictures and is used again; they take 200 MB.
set -eu
[ $# -ge 1 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }
program=$(realpath "$1")
folder=$(realpath -m "${2:-${TMPDIR:-/tmp}/darkroom-measured}")
[ -e "$folder/Pictures/Darkroom/50000.png" ] || "$program" gallery fake "$folder/Pictures/Darkroom"
"$program" gallery list --folder "$folder/Pictures/Darkroom" --limit 1 >/dev/null # the index is there

export program folder HOME="$folder" XDG_CONFIG_HOME="$folder/.config" LANG=en_US.UTF-8 FYNE_SCALE=1 DARKROOM_WATCH=1
xvfb-run -a -s "-screen 0 1280x800x24 -noreset" sh -c '
	cd "$folder"
	"$program" 2>>watch.log &
	did() { echo "== $1"; sed "/^window/!d" watch.log; : >watch.log; }
	sleep 8
	did "start"
	xdotool key ctrl+2; sleep 4
	did "the gallery opens"
	xdotool mousemove 500 500
	for i in $(seq 200); do xdotool click 5; sleep 0.02; done
	did "the wheel"
	for i in $(seq 40); do xdotool key Next; sleep 0.1; done
	did "page by page"
	xdotool key End; sleep 2; xdotool key Home; sleep 2
	did "to the end and back"
	xdotool key ctrl+f; xdotool type --delay 150 "old red light"; sleep 2
	did "search"
	grep -E "VmHWM|VmRSS" /proc/$!/status
	kill $!'
