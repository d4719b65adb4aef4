# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl: `make -f userspace/s2ctl/build.mk` in the project's root builds build/s2ctl/host/s2ctl for this
# machine, and with FOR=arm64 build/s2ctl/arm64/s2ctl, one static file for any arm64 Linux (for which
# SYSROOT has libbpf: scripts/build-s2ctl.sh).

FOR ?= host
PREFIX ?= /usr/local
out := build/s2ctl/$(FOR)
flags := -std=c++20 -Wall -Wextra -Wconversion -Werror
link := -lbpf
CLANG ?= $(firstword $(foreach name,clang-19 clang,$(shell command -v $(name))) clang)
ifeq ($(FOR),arm64)
include userspace/arm64.mk
CXX := $(arm64-cxx)
flags += -idirafter $(SYSROOT)/usr/include
link := -static -s -L$(SYSROOT)/usr/lib/aarch64-linux-gnu -lbpf -lelf -lz
endif

include userspace/lib/lib.mk
flags += $(lib-flags)
sources := $(wildcard userspace/s2ctl/*.cpp userspace/s2ctl/commands/*.cpp)
objects := $(sources:%.cpp=$(out)/%.o) $(lib-objects)

$(out)/s2ctl: $(objects)
	$(CXX) $(LDFLAGS) $^ $(link) -o $@

# With what the program says of itself; only where it runs.
.PHONY: all all-host all-arm64
all all-host: $(out)/s2ctl $(out)/s2ctl.8 $(addprefix $(out)/s2ctl.,bash zsh fish)
all-arm64: $(out)/s2ctl

.PHONY: install
install: all
	install -D -m 755 $(out)/s2ctl '$(DESTDIR)$(PREFIX)/sbin/s2ctl'
	install -D -m 644 $(out)/s2ctl.8 '$(DESTDIR)$(PREFIX)/share/man/man8/s2ctl.8'
	install -D -m 644 $(out)/s2ctl.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/s2ctl'
	install -D -m 644 $(out)/s2ctl.zsh '$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_s2ctl'
	install -D -m 644 $(out)/s2ctl.fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/s2ctl.fish'

$(out)/s2ctl.8: $(out)/s2ctl
	$< man >$@

$(out)/s2ctl.bash $(out)/s2ctl.zsh $(out)/s2ctl.fish: $(out)/s2ctl.%: $(out)/s2ctl
	$< completion $* >$@

$(out)/%.o: %.cpp userspace/s2ctl/build.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -O1 $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

# The version is in one place.
$(out)/userspace/s2ctl/cli.o: flags += -DS2CTL_VERSION='"$(shell cat VERSION)"'
$(out)/userspace/s2ctl/cli.o: VERSION

# The BPF program, as a header that has it. It knows no CPU, so any machine's <asm/types.h> will do. Without
# v3's comparisons, the verifier of Linux 6.1 loses track of bounds.
bpf_flags := -target bpf -mcpu=v3 -g -O2 -Wall -Wextra -Werror -Iinclude -Iuserspace \
	-idirafter /usr/include/$(shell $(CC) -print-multiarch) $(if $(SYSROOT),-idirafter $(SYSROOT)/usr/include)

$(out)/stage2.bpf.o: userspace/bpf/stage2.bpf.c userspace/s2ctl/build.mk
	@mkdir -p $(@D)
	$(CLANG) $(bpf_flags) -MMD -MP -c $< -o $@

$(out)/stage2.skel.h: $(out)/stage2.bpf.o
	PATH=$$PATH:/usr/sbin bpftool gen skeleton $< name stage2_bpf >$@

$(out)/userspace/s2ctl/tracer.o: $(out)/stage2.skel.h
$(out)/userspace/s2ctl/tracer.o: flags += -isystem $(out)

.DELETE_ON_ERROR:

-include $(objects:.o=.d) $(out)/stage2.bpf.d
