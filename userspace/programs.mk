# SPDX-License-Identifier: GPL-2.0-only
#
# The programs of the machine, build/programs/NAME, static arm64: `make -f userspace/programs.mk` in
# the project's root. Each is all the C++ of its folders.

include userspace/arm64.mk
out := build/programs

folders_of_s2load := load elf
folders_of_kvm := kvm elf
folders_of_again := again
folders_of_fuzz := tests
folders_of_hog := hog
folders_of_kexec := kexec
folders_of_terminal := terminal
names := s2load kvm again fuzz hog kexec terminal

flags := -std=c++20 -O2 -Wall -Wextra -Werror -Iinclude -Iuserspace
sources = $(foreach folder,$(folders_of_$(1)),$(wildcard userspace/$(folder)/*.cpp))
objects = $(patsubst userspace/%.cpp,$(out)/objects/%.o,$(sources))

all: $(names:%=$(out)/%)

.SECONDEXPANSION:
$(names:%=$(out)/%): $(out)/%: $$(call objects,$$*)
	$(arm64-cxx) -static -s -o $@ $^

$(out)/objects/%.o: userspace/%.cpp userspace/programs.mk
	@mkdir -p $(@D)
	$(arm64-cxx) $(flags) -MMD -MP -c $< -o $@

.PHONY: all
.SECONDARY:

-include $(wildcard $(out)/objects/*/*.d)
