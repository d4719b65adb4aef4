#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup.sh [--list] [--run|--farm|--board|--s2ctl|--compiler|--deb]: installs the native packages that the
# project needs and this machine lacks: all of them but labgrid, or only what it takes to build the module and
# boot a machine with it (--run), to do that on many boards with labgrid (--farm), to build all on a board (--board),
# s2ctl for this machine, what is plain C++, or Debian packages. With --list it only says which those are, one a line.
#
# Says and does nothing when all are there. Only native packages: the arm64 ones are unpacked into
# the cache (apt-arm64.sh), and dpkg's architectures stay as they are.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

# Package, and a command or file by which to recognise it on a system without dpkg.
whole=$(cat <<'EOF'
# build: the module. gcc-12 built Debian's kernels; dwarves (pahole) adds the BTF.
make                     make
gcc-12-aarch64-linux-gnu aarch64-linux-gnu-gcc-12
g++-12-aarch64-linux-gnu aarch64-linux-gnu-g++-12
dwarves                  pahole
python3                  python3
# patchelf: compilers and QEMUs of newer suites run here (apt-tools.sh).
patchelf                 patchelf

# run: the machine and its initramfs; xz and zstd unpack Debian's packages.
qemu-system-arm          qemu-system-aarch64
cpio                     cpio
xz-utils                 xz
zstd                     zstd
# A folder is shared with it by modules of its kernel.
kmod                     modinfo

# tools: the command lines of vmsa-image and s2ctl, and its BPF program.
g++                      g++
libcli11-dev             /usr/include/CLI/CLI.hpp
clang-19                 clang++-19
bpftool                  bpftool

---- What is not needed to run.

# tools: s2ctl for this machine.
libbpf-dev               /usr/include/bpf/libbpf.h

# kunit: a kernel from source, built by kunit.py.
flex                     flex
bison                    bison
bc                       bc
libssl-dev               /usr/include/openssl/ssl.h
libelf-dev               /usr/include/libelf.h
rsync                    rsync

# kunit and modules with LLVM=-19, and the audit of what clang makes.
lld-19                   ld.lld-19
llvm-19                  llvm-objdump-19

# What was compiled once is not compiled again.
ccache                   ccache

# check: the host tests and their sanitizers, libFuzzer, a look into the module, formatting, checkpatch.
libclang-rt-19-dev       /usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.asan-x86_64.a
libgtest-dev             /usr/include/gtest/gtest.h
valgrind                 valgrind
clang-format             clang-format
perl                     perl
cmake                    cmake
pkg-config               pkg-config
python3-sphinx           sphinx-build
doxygen                  doxygen
python3-breathe          /usr/lib/python3/dist-packages/breathe
python3-yaml             /usr/lib/python3/dist-packages/yaml
zsh                      zsh
fish                     fish

# render: a browser without a screen, and what drives it.
chromium                 chromium
chromium-driver          chromedriver
python3-selenium         /usr/lib/python3/dist-packages/selenium
EOF
)

# Of a|b, either will do, and a is installed where there is none.
compiler='make make
g++ g++'
s2ctl=$(cat <<'EOF'
libcli11-dev             /usr/include/CLI/CLI.hpp
libbpf-dev               /usr/include/bpf/libbpf.h
clang|clang-19           clang
bpftool                  bpftool
EOF
)
farm=$(cat <<'FARM'
labgrid                  labgrid-suggest
python3-pytest           /usr/lib/python3/dist-packages/pytest
openssh-client           ssh
openssl                  openssl
FARM
)
deb=$(cat <<'EOF'
debhelper                dh
dh-dkms                  dh_dkms
dpkg-dev                 dpkg-buildpackage
fakeroot                 fakeroot
lintian                  lintian
EOF
)
only_list=''
if [[ ${1-} == --list ]]; then
	only_list=1
	shift
fi
case ${1-} in
--run) list=${whole%%----*} ;;
--farm) list=${whole%%----*}$'\n'$farm ;;
--board) list=$compiler$'\n'$s2ctl$'\npython3 python3\nxz-utils xz' ;;
--deb) list=$compiler$'\n'$s2ctl$'\n'$deb ;;
--s2ctl) list=$compiler$'\n'$s2ctl ;;
--compiler) list=$compiler ;;
'') list=$whole ;;
*) die "unknown option '$1' (known: --run --farm --board --s2ctl --compiler --deb)" ;;
esac
list=$(sed -E '/^(#|-|$)/d; s/ +/ /' <<<"$list")
missing=()

if [[ $only_list ]]; then
	sed -E 's/[| ].*//' <<<"$list"
	exit
fi

if ! command -v apt-get >/dev/null; then
	PATH=$PATH:/usr/sbin:/sbin
	while read -r package probe; do
		[[ -e $probe ]] || command -v "$probe" >/dev/null || missing+=("$package ($probe)")
	done <<<"$list"
	say "nothing can be installed or fetched on a system without apt-get; missing here:"
	printf '\t%s\n' "apt and dpkg (they unpack Debian's arm64 packages, and install nothing)" \
		"${missing[@]}" >&2
	exit 1
fi

installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' |
	sed -n 's/^installed //p')
while read -r package _; do
	grep -qxE -- "${package//+/\\+}" <<<"$installed" || missing+=("${package%%|*}")
done <<<"$list"
((${#missing[@]})) || exit 0

sudo=
if ((EUID != 0)); then
	command -v sudo >/dev/null ||
		die "neither root nor sudo here; as root: apt-get install ${missing[*]}"
	sudo=sudo
fi
apt() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >&2
}

say "installing ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
