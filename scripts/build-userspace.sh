#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-userspace.sh DIR: builds what runs inside the machine, and puts it into DIR, the machine's root:
#
#   bin/        s2load, kvm, hog, ... (userspace/machine/programs.mk), s2ctl (build-s2ctl.sh)
#   guests/     the toy guests (userspace/guests/guests.mk)

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# == 1)) || die "usage: build-userspace.sh DIR"
root=$(realpath -m "$1")
cd "$top"

lock build/.userspace.lock
make --no-print-directory --silent --jobs="$(nproc)" -f userspace/guests/guests.mk >&2
make --no-print-directory --silent --jobs="$(nproc)" -f userspace/machine/programs.mk >&2

mkdir -p "$root/bin" "$root/guests"
cp build/guests/*.elf "$root/guests/"
find build/programs -maxdepth 1 -type f -exec cp -t "$root/bin" {} +
install -t "$root/bin" "$("$top/scripts/build-s2ctl.sh")"
