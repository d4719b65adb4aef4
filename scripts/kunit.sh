#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/kunit.sh [--sanitizers] [--build | FILTER]
#
# Runs the suites in a real arm64 kernel under QEMU, by the kernel's own kunit.py. FILTER is KUnit's:
# 'geometry', 'geo*', '*.refuses_*'. With --sanitizers the kernel has KASAN, UBSAN, lockdep and
# kmemleak. With --build it is built and not run. Leaves build/kunit/{plain,san}/test.log, the whole
# console.
#
# KUnit itself takes no notice of what the kernel complains about while a test passes: here that is
# a failure.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

farm=$top/build/kunit/linux
out=$top/build/kunit/plain
options=(--kunitconfig="$top/kunit/.kunitconfig")
if [[ ${1-} == --sanitizers ]]; then
	shift
	out=$top/build/kunit/san
	options+=(--kunitconfig="$top/kunit/sanitizers.config")
fi
just_build=''
if [[ ${1-} == --build ]]; then
	shift
	just_build=1
fi
[[ $# -le 1 && ${1-} != -* ]] || die "usage: kunit.sh [--sanitizers] [--build | FILTER]"
options+=(--arch=arm64 --qemu_config="$top/kunit/qemu_el2.py" --build_dir="$out"
	  --cross_compile=aarch64-linux-gnu-
	  # The compiler Debian builds its kernels with; on its own it brings no unversioned name.
	  --make_options=CC=aarch64-linux-gnu-gcc-12)

kunit() {
	local command=$1
	shift
	"$farm/tools/testing/kunit/kunit.py" "$command" "${options[@]}" "$@"
}

# kunit.py builds in silence, and the first build takes minutes. Files come and go meanwhile.
show_progress() {
	while sleep 10 >&- 2>&-; do
		objects=$(find "$out" -name '*.o' -newer "$out/.started" 2>/dev/null | wc -l) || true
		say "    $SECONDS s, $objects objects"
	done
}

build() {
	local progress

	touch "$out/.started"
	say "building the kernel in ${out#"$top/"}"
	show_progress 9>&- &
	progress=$!
	# shellcheck disable=SC2064 # now
	trap "kill $progress 2>/dev/null || true" EXIT
	if ! kunit build --jobs="$(nproc)" >"$out/build.log" 2>&1; then
		cat "$out/build.log" >&2
		die "the kernel does not build, see above"
	fi
	say "    $SECONDS s, done"

	# What fetch-kernel.sh promises of a kernel.
	ln -sfn arch/arm64/boot/Image "$out/vmlinuz"
	ln -sfn include/config/kernel.release "$out/release"
	ln -sfn .config "$out/config"
	ln -sfn . "$out/headers"
}

linux=$("$top/scripts/fetch-source.sh")
"$top/scripts/graft.sh" "$linux"
mkdir -p "$out"
# Another part of check may want the same kernel.
(flock 9 && build) 9>"$out/.lock"
[[ ! $just_build ]] || exit 0

status=0
# The random games take minutes with sanitizers; kunit.py gives up after five.
kunit exec --timeout=1200 "$@" | tee "$out/result.log" || status=1

# The number that follows "WORD: " in kunit.py's last line.
count() {
	sed -n "s/.*Testing complete.*[ ,]$1: \([0-9]*\).*/\1/p" "$out/result.log"
}
passed=$(($(count passed) + 0))
skipped=$(($(count skipped) + 0))
failed=$(($(count failed) + $(count crashed) + 0))

complaint='BUG:|WARNING:|KASAN:|UBSAN:|possible circular locking|kmemleak: [0-9]+ new suspected'
if grep -E "$complaint" "$out/test.log"; then
	say "the kernel complained, see ${out#"$top/"}/test.log"
	status=1
fi
((status == 0 || failed > 0)) || failed=1
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
