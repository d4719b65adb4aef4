# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl: `make -f userspace/s2ctl/build.mk` in the project's root builds build/s2ctl/host/s2ctl for this
# machine, and with FOR=arm64 build/s2ctl/arm64/s2ctl, one static file for any arm64 Linux.

FOR ?= host
out := build/s2ctl/$(FOR)
flags := -std=c++20 -Wall -Wextra -Wconversion -Werror -I. -Iinclude -Iuserspace
ifeq ($(FOR),arm64)
CXX := aarch64-linux-gnu-g++-12
link := -static -s
endif

sources := $(wildcard userspace/s2ctl/*.cpp userspace/s2ctl/commands/*.cpp \
	$(addsuffix /*.cpp,$(addprefix userspace/,decode dump elf formats render rows text)))
objects := $(sources:%.cpp=$(out)/%.o) $(out)/userspace/render/embed.o

$(out)/s2ctl: $(objects)
	$(CXX) $(link) $^ -o $@

# With what the program says of itself; only where it runs.
.PHONY: all all-host all-arm64
all all-host: $(out)/s2ctl $(out)/s2ctl.8 $(out)/s2ctl.bash
all-arm64: $(out)/s2ctl

$(out)/s2ctl.8: $(out)/s2ctl
	$< man >$@

$(out)/s2ctl.bash: $(out)/s2ctl
	$< completion bash >$@

$(out)/%.o: %.cpp userspace/s2ctl/build.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -O1 -MMD -MP -c $< -o $@

# The page of `render`, as its sources are.
$(out)/userspace/render/embed.o: userspace/render/embed.S $(wildcard userspace/render/page.* userspace/render/*.js)
	@mkdir -p $(@D)
	$(CXX) -c $< -o $@

-include $(objects:.o=.d)
