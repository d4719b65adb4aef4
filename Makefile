# SPDX-License-Identifier: GPL-2.0-only
#
# The front door. `make help` lists what there is; the kernel's build system reads Kbuild instead.

KERNEL ?= 6.12
CPU ?=
EL2 ?=
QEMU ?=
KDIR ?= /lib/modules/$(shell uname -r)/build
# A kernel of our own has to be built first.
setup := $(if $(filter san kcsan clang,$(KERNEL)),setup,setup-run)

.PHONY: help run shell check modules modules_install install check-host check-mmu kunit kunit-san kunit-kcsan kunit-clang \
	check-clang check-e2e check-e2e-san check-audit check-style check-headers check-tools check-ports check-s2ctl check-shell check-render \
	check-package check-board deb docs outputs s2ctl install-s2ctl guest guests vmsa-image install-vmsa-image dist install-headers examples \
	bench-host bench-size bench bench-tables bench-check bench-scale bench-parallel soak matrix exhaust litmus mutants mutants-module coverage \
	coverage-module fuzz \
	setup setup-run setup-s2ctl setup-compiler clean distclean

help:
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)

#: On any machine with Debian 12 (everything missing is installed, kernels come from Debian):
#:   make run           boot an arm64 kernel, load the module, show what it does
#:   make shell         the same machine with a shell in it
#:   make check         every test, or some parts: PARTS='style docs'
#:     KERNEL=5.10|6.1|6.12|newest|sid|...   which of Debian's arm64 kernels (6.12), or san, ours with
#:                                sanitizers, or clang, with kCFI; scripts/fetch-kernel.sh --list knows all
#:     EL2=vhe|nvhe|kvm|off       what the module finds there (what the CPU has)
#:     CPU=max|cortex-a72|...     any of QEMU's (max)
#:     QEMU=7.2|10.0|11.1         a version of QEMU, of Debian's newer suites (this machine's own)
#:
run: $(setup)
	@scripts/run.sh "$$(scripts/build-module.sh $(KERNEL))" $(KERNEL) '$(CPU)' '$(EL2)' '$(QEMU)'

shell: $(setup)
	@scripts/shell.sh "$$(scripts/build-module.sh $(KERNEL))" $(KERNEL) '$(CPU)' '$(EL2)' '$(QEMU)'

#: Parts of check:
#:   make check-host    the library's suites, natively, with sanitizers
#:   make exhaust       every state of small worlds; check has smaller ones
#:   make litmus        the sequences of barriers, by herd7, if there is one (HERD7=)
#:   make mutants       faults planted in the library, one at a time, and who finds each: MUTANTS='live unlink'
#:   make mutants-module    the same in the module, each in a machine: MUTANTS='registry HCR'
#:   make coverage      lines and branches of the library that no native test goes through; coverage-module
#:                      those of the module that no end-to-end test goes through
#:   make fuzz          libFuzzer's targets; SECONDS=600 TARGET=requests for a longer look at one of them
#:   make check-mmu     AT and real accesses at EL3, EL2 and EL1 under QEMU, against translate()
#:   make kunit         the same suites inside a kernel, by kunit.py
#:   make kunit-san     those of them that use the kernel, under KASAN, UBSAN, lockdep and kmemleak
#:   make kunit-kcsan   what runs on several CPUs, under KCSAN, which finds data races, one that is planted, too
#:                      (no part of check)
#:   make kunit-clang   the same built by clang, with kCFI, BTI and shadow call stacks (no part of check)
#:   make check-clang   clang builds the module for that kernel
#:   make check-e2e     debugfs from a shell, in a machine (KERNEL=, CPU=, EL2=)
#:   make check-e2e-san the same with KASAN, UBSAN, lockdep and kmemleak
#:   make check-audit   the freestanding audit finds what it should
#:   make check-style   clang-format, checkpatch, SPDX
#:   make check-headers every header alone, by every compiler; make check-tools: what uses them
#:   make check-ports   firmware, boot tables, a hypervisor and a kernel on the installed headers, in QEMU
#:   make check-s2ctl   s2ctl and the readers of tables, without a module
#:   make check-shell   the machine of make shell: the folder it shares, trace-cmd, bpftrace
#:   make check-render  the pages of s2ctl render, in a browser
#:   make docs          the manual, its examples and its claims; make outputs: pages show what runs print now
#:   make bench-host    instructions per descriptor, counted by callgrind, and their limits
#:                      (CRATE=FOLDER: beside the Rust crate aarch64-paging, whose sources are there)
#:   make bench-size    bytes of code at -Os, and their limits
#:   make bench-scale   instructions a page in guests from 2 MiB to 64 GiB, and the fewest tables (minutes)
#:   make bench-check   bench-tables, and that no count has grown by more than 2 %
#:   make check-package the tarball, the version, and what is said of kernels and compilers that will not do
#:
check: setup
	@scripts/check.sh $(PARTS)

check-host: setup
	@scripts/check-host.sh

exhaust: setup
	@TEST_EFFORT=2 scripts/check-host.sh 'exhaust*'
	@TEST_EFFORT=2 scripts/check-host.sh 'interleave*'

litmus:
	@scripts/litmus.py

mutants: setup
	@scripts/mutants.py $(MUTANTS)

mutants-module: setup
	@scripts/mutants_module.py $(MUTANTS)

coverage: setup
	@scripts/coverage.py

coverage-module: setup
	@scripts/coverage_module.py --uncovered

fuzz: setup
	@FORMATS='$(FORMATS)' scripts/fuzz.sh $(if $(SECONDS),--seconds $(SECONDS)) $(TARGET)

check-mmu: setup
	@scripts/check-mmu.sh

kunit: setup
	@scripts/kunit.sh

kunit-san: setup
	@scripts/kunit.sh --sanitizers

kunit-kcsan: setup
	@scripts/check-kcsan.sh

kunit-clang: setup
	@scripts/kunit.sh --clang

check-clang: setup
	@scripts/check-clang.sh

check-e2e: setup
	@scripts/build-module.sh $(KERNEL) >/dev/null
	@scripts/check-e2e.sh --kernel $(KERNEL) --cpu '$(CPU)' --el2 '$(EL2)' --qemu '$(QEMU)'

check-e2e-san:
	@$(MAKE) --no-print-directory check-e2e KERNEL=san

check-audit: setup
	@scripts/test-audit.sh

check-style: setup
	@scripts/check-style.sh

check-headers: setup
	@scripts/check-headers.sh

check-tools: setup
	@scripts/check-tools.sh

check-ports: setup
	@scripts/check-ports.sh

examples: setup
	@scripts/ports.sh $(or $(PORT),all) $(CPU)

check-shell: setup-run
	@scripts/build-module.sh 6.12
	@scripts/check-shell.sh

check-s2ctl: setup-s2ctl
	@scripts/check-s2ctl.sh

check-render: setup
	@scripts/check-render.sh

docs: setup
	@scripts/docs.sh

outputs: setup
	@scripts/docs.sh --outputs

check-package: setup
	@scripts/check-package.sh

check-board: setup
	@scripts/check-board.sh '$(or $(DEBIAN),bookworm)'

deb:
	@scripts/build-deb.sh

bench-host: setup
	@scripts/bench-host.sh

bench-scale: setup
	@scripts/bench-scale.sh

bench-size: setup
	@scripts/bench-size.sh

#: The end-to-end tests on many boards at once, through labgrid (Documentation/farm.rst):
#:   make farm          FARM=scripts/farm/qemu.yaml BOARDS='max ...' TESTS='map ...' KERNEL=
#:   make check-farm    boards that fail, hang and do not boot are told from those that work
#:
farm: setup-farm
	@scripts/farm.sh --env '$(or $(FARM),scripts/farm/qemu.yaml)' --boards '$(BOARDS)' \
		--tests '$(or $(TESTS),*)' --kernel $(KERNEL)

check-farm: setup-farm
	@scripts/check-farm.sh

#: Not a part, because a compiler takes minutes in a machine:
#:   make check-board   all of it on a board with Debian: DEBIAN=bookworm|bullseye|trixie|sid
#:
#: Costs and endurance (not a part of check; a short form of soak is):
#:   make bench         instructions of an exit and of a demand fault, ours and KVM's
#:   make bench-tables  instructions of operations on tables, ours and KVM's
#:   make bench-parallel  two threads on one tree, vCPUs that fault at once, the longest wait of a fault
#:   make soak          100,000 runs, 1,000,000 exits, and four processes for SECONDS=900: no leak, no stuck CPU
#:
bench: setup
	@scripts/bench.sh

bench-tables: setup
	@scripts/bench-tables.sh

bench-check: setup
	@scripts/bench-tables.sh --check

bench-parallel: setup
	@scripts/bench-parallel.sh

soak: setup
	@scripts/build-module.sh $(KERNEL) >/dev/null
	@scripts/check-e2e.sh --kernel $(KERNEL) --cpu '$(CPU)' --el2 '$(EL2)' --qemu '$(QEMU)' --tests '$(or $(TESTS),soak*)' \
		--append 'STAGE2_SOAK=100 STAGE2_SECONDS=$(or $(SECONDS),900)' --timeout 3600

#: Many machines (hours; it goes on where it was stopped):
#:   make matrix        kernels from 5.10 to the newest, QEMUs, CPUs: build/matrix.md (CELLS='newest-*' for some)
#:
matrix: setup
	@scripts/matrix.sh '$(CELLS)'

setup:
	@scripts/setup.sh

setup-run:
	@scripts/setup.sh --run

setup-farm:
	@scripts/setup.sh --farm

setup-s2ctl setup-compiler:
	@scripts/setup.sh --$(@:setup-%=%)

#: The command-line tool, for this machine (the machines of `make run` have it):
#:   make s2ctl             build/s2ctl/host/s2ctl, its manual page and its completions
#:   make install-s2ctl     PREFIX=/usr/local DESTDIR=
#:
s2ctl: setup-s2ctl
	@$(MAKE) --no-print-directory -f userspace/s2ctl/build.mk all

install-s2ctl: setup-s2ctl
	@$(MAKE) --no-print-directory -f userspace/s2ctl/build.mk install

#: The toy guests, and what writes one into a guest's memory (s2ctl load does, too):
#:   make guests            build/guests/*.elf, build/programs/s2load
#:   make guest             DIR=: a guest of yours, an .elf of each .cpp in that folder
#:
guest guests: $(if $(filter aarch64,$(shell uname -m)),setup-compiler,setup-run)
	@$(MAKE) --no-print-directory -f userspace/guests/guests.mk $(if $(filter guest,$@),DIR='$(or $(DIR),$(error DIR= the folder of your guest))')
	@$(MAKE) --no-print-directory -f userspace/machine/programs.mk build/programs/s2load

#: The library in other projects:
#:   make examples      boots firmware, boot tables, a hypervisor and a kernel (PORT=kernel for one, CPU=cortex-a76)
#:   make install-headers   PREFIX=/usr/local DESTDIR=: headers, pkg-config file, CMake package
#:   make vmsa-image        a tool that makes tables ahead of time, and prints them
#:   make install-vmsa-image    PREFIX=/usr/local DESTDIR=
#:   make deb               Debian packages, in build/deb: stage2-dkms, s2ctl, libvmsa-dev
#:   make dist              build/stage2-VERSION.tar.xz, the whole project; what changed is in CHANGELOG
#:
vmsa-image: setup-compiler
	@$(MAKE) --no-print-directory -f userspace/vmsa-image/host.mk

install-vmsa-image: setup-compiler
	@$(MAKE) --no-print-directory -f userspace/vmsa-image/host.mk install

dist:
	@scripts/dist.sh

install-headers:
	@PREFIX='$(or $(PREFIX),/usr/local)' DESTDIR='$(DESTDIR)' scripts/install-headers.sh

#: On an arm64 board, with the headers of its kernel:
#:   make modules       stage2.ko (KDIR=... for another kernel; ARCH=, CROSS_COMPILE=, LLVM= as usual)
#:   make modules_install
#:
# The kernel's own modules_install leaves depmod out where there is no System.map, as in Debian's headers.
depmod = PATH=$$PATH:/usr/sbin:/sbin depmod $(if $(INSTALL_MOD_PATH),-b '$(INSTALL_MOD_PATH)') \
	"$$(sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)/include/generated/utsrelease.h')"

modules modules_install:
ifeq ($(if $(ARCH),arm64,$(filter aarch64,$(shell uname -m))),)
	$(error this machine is not arm64: `make run` builds and boots a machine that is, or give KDIR=... ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
endif
	@refusal=$$(sh scripts/check-kernel.sh '$(KDIR)' $(filter modules_install,$@)) && [ ! "$$refusal" ] || \
		{ echo "stage2: $$refusal" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@
	$(if $(filter modules_install,$@),$(depmod))

#:   make clean         what was built; make distclean: and the cache of kernels, too
clean:
	rm -rf build
	find module kunit -name '*.o' -delete -o -name '.*.cmd' -delete
	rm -f stage2.ko stage2.o stage2.mod* .*.cmd .module-common.o modules.order Module.symvers

distclean: clean
	rm -rf $${STAGE2_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/stage2}
