# SPDX-License-Identifier: GPL-2.0-only
#
# The compilers of programs for arm64: on arm64 the machine's own, elsewhere the cross compilers that
# scripts/setup.sh installs.

native := $(filter aarch64,$(shell uname -m))
arm64-cc := $(if $(native),gcc,aarch64-linux-gnu-gcc-12)
arm64-cxx := $(if $(native),g++,aarch64-linux-gnu-g++-12)
