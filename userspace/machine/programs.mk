# SPDX-License-Identifier: GPL-2.0-only
#
# The programs of the machine, build/programs/NAME, static arm64: `make -f userspace/machine/programs.mk` in
# the project's root. programs/ has a file for each, or a folder; the tests have three more, and so has the README.

include userspace/arm64.mk
out := build/programs

programs := userspace/machine/programs
names := $(basename $(notdir $(wildcard $(programs)/*))) fuzz storm sweep fifteen
sources_of_fuzz := userspace/tests/e2e/fuzz.cpp
sources_of_storm := userspace/tests/e2e/storm.cpp
sources_of_sweep := userspace/tests/e2e/sweep.cpp
sources_of_fifteen := Documentation/examples/fifteen.cpp
loaders := s2load kvm

flags := -std=c++20 -O2 -Wall -Wextra -Werror -Iinclude -Iuserspace -Iuserspace/lib
sources = $(sources_of_$(1)) $(wildcard $(programs)/$(1).cpp $(programs)/$(1)/*.cpp) \
	$(if $(filter $(1),$(loaders)),$(wildcard userspace/lib/elf/*.cpp))
objects = $(patsubst %.cpp,$(out)/objects/%.o,$(sources))

all: $(names:%=$(out)/%)

.SECONDEXPANSION:
$(names:%=$(out)/%): $(out)/%: $$(call objects,$$*)
	$(arm64-cxx) -static -s -o $@ $^

$(out)/objects/%.o: %.cpp userspace/machine/programs.mk
	@mkdir -p $(@D)
	$(arm64-cxx) $(flags) -MMD -MP -c $< -o $@

.PHONY: all
.SECONDARY:

-include $(wildcard $(foreach name,$(names),$(patsubst %.o,%.d,$(call objects,$(name)))))
