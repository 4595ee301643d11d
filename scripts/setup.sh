# shellcheck shell=sh
# What ./run and ./test need on this machine. Sourced by both, from the root of
# the repository. It looks first, and installs with the system's own package
# manager only what is missing, saying so.

GO_MINOR=26   # Go 1.26, as go.mod asks for
GO_FETCHES=21 # from Go 1.21 on, go can fetch a newer one

say() { printf '%s\n' "$*"; }

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# system names the way packages are installed here.
system() {
	if [ "$(uname -s)" = Darwin ]; then
		echo macos
	elif has apt-get; then
		echo debian
	elif has dnf; then
		echo fedora
	elif has pacman; then
		echo arch
	else
		echo other
	fi
}

# has_display: can a window be shown? macOS always can.
has_display() {
	[ "$(system)" = macos ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif has sudo; then
		sudo "$@"
	else
		fail "This needs an administrator, and there is no sudo. Run as root: $*"
	fi
}

# missing prints those of the named packages that are not installed.
missing() {
	for package; do
		case $(system) in
		debian) dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ;;
		fedora) rpm -q --whatprovides "$package" >/dev/null 2>&1 ;;
		arch) pacman -T "$package" >/dev/null ;;
		esac || echo "$package"
	done
}

# install makes sure of the named packages; the first word says what for.
install() {
	purpose=$1
	shift
	wanted=$(missing "$@")
	[ -n "$wanted" ] || return 0
	# shellcheck disable=SC2086 # package names have no blanks
	set -- $wanted
	say "Installing what is missing for $purpose: $*"
	case $(system) in
	debian)
		as_root apt-get update -q || say "Going on with the package lists at hand."
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
		;;
	fedora) as_root dnf install -y "$@" ;;
	arch) as_root pacman -S --needed --noconfirm "$@" ;;
	esac || fail "Could not install $*. Install them by hand and start this again."
}

# go_minor prints 26 for Go 1.26.8, and nothing without a Go 1.
go_minor() {
	GOTOOLCHAIN=local go version 2>/dev/null | sed -n 's/^go version [^0-9]*1\.\([0-9]*\).*/\1/p'
}

# debian_go_minor prints the Go that Debian or Ubuntu would install, likewise.
debian_go_minor() {
	apt-cache policy golang-go 2>/dev/null | sed -n 's/^ *Candidate: 2:1\.\([0-9]*\).*/\1/p'
}

GO_HELP="Get Go 1.$GO_MINOR or newer from https://go.dev/dl/ and put its bin folder on your PATH:
  https://go.dev/doc/install"

# need_go makes sure that go is 1.26 or newer, or fetches it.
need_go() {
	if ! has go; then
		say "Go is missing."
		case $(system) in
		debian)
			candidate=$(debian_go_minor)
			[ "${candidate:-0}" -ge $GO_FETCHES ] ||
				fail "The Go of this system's packages is too old (1.${candidate:-?}). $GO_HELP"
			install "building" golang-go
			;;
		fedora) install "building" golang ;;
		arch) install "building" go ;;
		macos)
			has brew || fail "$GO_HELP"
			say "Installing Go with Homebrew"
			brew install go || fail "Homebrew could not install Go. $GO_HELP"
			;;
		*) fail "$GO_HELP" ;;
		esac
		has go || fail "Go is still not on your PATH. $GO_HELP"
	fi
	minor=$(go_minor)
	[ -n "$minor" ] || fail "\"go\" is $(command -v go), which is not a Go 1. $GO_HELP"
	[ "$minor" -lt $GO_MINOR ] || return 0
	[ "$minor" -ge $GO_FETCHES ] ||
		fail "Go 1.$minor at $(command -v go) is too old. $GO_HELP"
	say "Go 1.$minor is older than Darkroom needs: it fetches Go 1.$GO_MINOR for itself, once."
	export GOTOOLCHAIN=auto
	go version >/dev/null || fail "Go could not fetch a newer Go. $GO_HELP"
}

# need_window makes sure of a C compiler and of the headers that Fyne's window
# is built with; the packages are those Fyne's own "getting started" names.
need_window() {
	case $(system) in
	debian) install "the window" gcc libc6-dev libgl1-mesa-dev xorg-dev libxkbcommon-dev ;;
	fedora)
		install "the window" gcc libXcursor-devel libXrandr-devel mesa-libGL-devel libXi-devel \
			libXinerama-devel libXxf86vm-devel libxkbcommon-devel
		;;
	arch) install "the window" gcc xorg-server-devel libxcursor libxrandr libxinerama libxi libxkbcommon ;;
	macos)
		xcode-select -p >/dev/null 2>&1 || fail "The C compiler is missing. Install it with: xcode-select --install"
		;;
	*)
		has cc || has gcc || fail "A C compiler is missing; the window also needs the development files of X11, OpenGL and xkbcommon."
		say "This system's package manager is not known here; if the build stops at a missing header,"
		say "install the development files of X11, OpenGL (Mesa) and xkbcommon."
		;;
	esac
}

# need_screen makes sure of an X server without a screen, of OpenGL in software,
# and of what presses keys and takes screenshots, for the tests of the window.
need_screen() {
	case $(system) in
	debian) install "the window's tests" xvfb xauth libgl1-mesa-dri xdotool imagemagick ;;
	fedora) install "the window's tests" xorg-x11-server-Xvfb xorg-x11-xauth mesa-dri-drivers xdotool ImageMagick ;;
	arch) install "the window's tests" xorg-server-xvfb xorg-xauth mesa xdotool imagemagick ;;
	macos) ;;
	*) has xvfb-run || fail "xvfb-run is missing: install Xvfb, Mesa's software OpenGL, xdotool and ImageMagick." ;;
	esac
}

# need_packaging makes sure of what checks and installs a package.
need_packaging() {
	case $(system) in
	debian) install "packaging" make xz-utils desktop-file-utils ;;
	fedora | arch) install "packaging" make xz desktop-file-utils ;;
	*)
		for tool in make xz desktop-file-validate; do
			has $tool || fail "Packaging needs $tool."
		done
		;;
	esac
}

# need_arm64 makes sure that programs for arm64 run here, on another processor
# with QEMU, whose command it puts into ARM64; it fails where there is none.
need_arm64() {
	case $(uname -m) in arm64 | aarch64) return 0 ;; esac
	case $(system) in
	debian | fedora | arch) (install "the tests of NEON" qemu-user) || return 1 ;;
	esac
	# shellcheck disable=SC2034 # it is for ./test
	ARM64=$(command -v qemu-aarch64) || ARM64=$(command -v qemu-aarch64-static)
}
