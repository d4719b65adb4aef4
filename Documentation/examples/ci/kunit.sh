#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs stage2's KUnit suites in the kernel of another tree, by that tree's kunit.py, on Debian 12 as root.
#
# usage: kunit.sh LINUX [FILTER] [VARIABLE=VALUE...]
set -e

linux=${1:?usage: kunit.sh LINUX [FILTER] [VARIABLE=VALUE...]}
shift
apt-get -q update
apt-get -q -y install --no-install-recommends \
	make gcc-12-aarch64-linux-gnu g++-12-aarch64-linux-gnu python3 qemu-system-arm \
	flex bison bc libssl-dev libelf-dev rsync
exec "$(dirname "$0")/../../../scripts/kunit.sh" --tree "$linux" "$@"
