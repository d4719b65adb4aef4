#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/kunit.sh [--sanitizers | --kcsan | --clang] [--tree LINUX] [--prepare | --build] [--log FILE]
#                        [--append WORDS] [FILTER] [VARIABLE=VALUE...]
#
# Runs the suites in a real arm64 kernel under QEMU, by the kernel's own kunit.py. FILTER is KUnit's:
# 'geometry', 'geo*', '*.refuses_*'. With --sanitizers the kernel has KASAN, UBSAN, lockdep and kmemleak, with --kcsan
# it has KCSAN, which finds data races; with --clang it is built by clang and has kCFI, BTI and shadow call stacks. With
# --build it is built and not run; with --prepare it is built no further than a module needs it.
#
# --append puts WORDS on the kernel's command line: kmemleak=off saves a minute.
#
# --tree takes another kernel's source than Debian's 6.12: any folder with a Linux in it, which stays as it
# is. The variables are the kernel's own, for make: CC=aarch64-linux-gnu-gcc-14, LLVM=-19.
#
# Leaves build/kunit/{plain,san,kcsan,clang}/test.log, the whole console; with --tree in build/trees/NAME, where NAME
# is the folder's. The next run writes there, too: --log keeps a copy of this one's.
#
# KUnit itself takes no notice of what the kernel complains about while a test passes: here that is
# a failure.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

config=plain linux='' just='' log='' append='' filter=() variables=()
while (($#)); do
	case $1 in
	--sanitizers) config=san ;;
	--kcsan | --clang) config=${1#--} ;;
	--build | --prepare) just=${1#--} ;;
	--log)
		[[ ${2-} ]] || die "--log needs the name of a file"
		log=$2
		shift
		;;
	--append)
		(($# > 1)) || die "--append needs words for the kernel's command line"
		append=$2
		shift
		;;
	--tree)
		[[ -d ${2-} ]] || die "--tree needs the folder of a Linux source, and '${2-}' is none"
		linux=$(realpath "$2")
		shift
		;;
	[A-Z]*=*) variables+=("$1") ;;
	-*) die "unknown option '$1' (known: --sanitizers --kcsan --clang --tree --build --prepare --log --append)" ;;
	*)
		((${#filter[@]} == 0)) || die "one filter, please: '${filter[0]}' or '$1'"
		filter=("$1")
		;;
	esac
	shift
done

grafted=$top/build/kunit
[[ ! $linux ]] || grafted=$top/build/trees/${linux##*/}
farm=$grafted/linux
out=$grafted/$config
options=(--arch=arm64 --qemu_config="$top/kunit/qemu_el2.py" --build_dir="$out"
	 --kunitconfig="$top/kunit/.kunitconfig")
case $config in
plain) options+=(--kunitconfig="$top/kunit/probes.config") ;;
san) options+=(--kunitconfig="$top/kunit/sanitizers.config" --kunitconfig="$top/kunit/loaded.config") ;;
kcsan | clang) options+=(--kunitconfig="$top/kunit/$config.config" --kunitconfig="$top/kunit/loaded.config") ;;
esac
# gcc-12 is what Debian builds 6.12 with; on its own it brings no unversioned name.
case " ${variables[*]-}" in
*" LLVM="*) ;;
*" CROSS_COMPILE="* | *" CC="*) variables=(CROSS_COMPILE=aarch64-linux-gnu- "${variables[@]}") ;;
*)
	if [[ $config == clang ]]; then
		variables+=(LLVM=-19)
	else
		variables+=(CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc-12)
	fi
	;;
esac
options+=("${variables[@]/#/--make_options=}")

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
	ln -sfn arch/arm64/boot/Image "$out/vmlinuz"
}

prepare() {
	if ! { kunit config && make -C "$farm" O="$out" ARCH=arm64 "${variables[@]}" --jobs="$(nproc)" modules_prepare; } \
		>"$out/prepare.log" 2>&1; then
		cat "$out/prepare.log" >&2
		die "the kernel cannot be prepared, see above"
	fi
}

# What fetch-kernel.sh promises of a kernel, but for vmlinuz.
show_parts() {
	ln -sfn include/config/kernel.release "$out/release"
	ln -sfn .config "$out/config"
	ln -sfn . "$out/headers"
}

"$top/scripts/graft.sh" "${linux:-$("$top/scripts/fetch-source.sh")}" "$grafted"
mkdir -p "$out"
# Another part of check may want the same kernel.
if [[ $just == prepare ]]; then
	(flock 9 && prepare && show_parts) 9>"$out/.lock"
	exit
fi
(flock 9 && build && show_parts) 9>"$out/.lock"
[[ ! $just ]] || exit 0

# In a kernel of some suites the others are empty; a filter for tests leaves those out.
((${#filter[@]})) || filter=('*.*')
# One run at a time: kunit.py writes test.log.
exec 8>"$out/.running"
flock 8
status=0
# kunit.py gives up after five minutes, however busy the machine is; what ends here is what makes no progress.
patiently 7200 kunit exec --timeout=100000 ${append:+--kernel_args="$append"} "${filter[@]}" 8>&- | tee "$out/result.log" || status=1
[[ ! $log ]] || cp "$out/test.log" "$log"

# The console says when each test was over: kunit.py sees some lines late.
sed -nE 's/^\[ *([0-9]+)\.([0-9]{2})[0-9]*\] +(# Subtest: |ok [0-9]+ )([a-z0-9_]+).*/\1\2 \3\4/p' "$out/test.log" | awk '
	$2 == "#" { suite = $4 }
	$2 == "ok" && $1 - before >= 100 { print "# " suite "." $4 " took " ($1 - before) " hundredths of a second" }
	{ before = $1 }' | sort -rn -k4,4 | head -n 5 || true

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
