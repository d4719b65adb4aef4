# SPDX-License-Identifier: GPL-2.0-only
#
# The toy guests, build/guests/NAME.elf: `make -f userspace/guests/guests.mk` in the project's root. With DIR=FOLDER, guests of
# one's own: an .elf of each .cpp in that folder, beside it.

include userspace/arm64.mk
source := userspace/guests
out := build/guests

ifeq ($(DIR),)
names := $(filter-out guest,$(patsubst $(source)/%.cpp,%,$(wildcard $(source)/*.cpp)))
elfs := $(names:%=$(out)/%.elf)
else
elfs := $(patsubst %.cpp,%.elf,$(wildcard $(DIR)/*.cpp))
$(if $(elfs),,$(error there is no .cpp in '$(DIR)'))
endif

# Nothing lies below a guest: no library, no FP registers, and no unaligned access, because memory is
# Device memory until its MMU is on. It runs on any Armv8-A.
flags := -std=c++20 -O2 -g0 -Wall -Wextra -Werror -ffreestanding -fno-pic -march=armv8-a \
	 -mgeneral-regs-only -mstrict-align -mno-outline-atomics -fno-exceptions -fno-rtti \
	 -fno-threadsafe-statics -fno-unwind-tables -fno-asynchronous-unwind-tables \
	 -fno-stack-protector -fno-tree-loop-distribute-patterns -Iinclude -I$(source) -fmacro-prefix-map=$(source)/=

all: $(elfs)

# Pages of 4K in the file, whatever the linker takes for the largest.
$(out)/%.elf: $(source)/image.lds $(out)/start.o $(out)/guest.o $(out)/%.o
	$(arm64-cxx) -nostdlib -static -s -Wl,--build-id=none -Wl,-z,max-page-size=4096 -T $^ -o $@

$(out)/%.o: $(source)/%.cpp $(source)/guests.mk
	@mkdir -p $(@D)
	$(arm64-cxx) $(flags) -MMD -MP -c $< -o $@

$(out)/%.o: $(source)/%.S $(source)/guests.mk
	@mkdir -p $(@D)
	$(arm64-cc) -c $< -o $@

ifneq ($(DIR),)
$(DIR)/%.elf: $(source)/image.lds $(out)/start.o $(out)/guest.o $(DIR)/%.cpp
	$(arm64-cxx) $(flags) -nostdlib -static -s -Wl,--build-id=none -Wl,-z,max-page-size=4096 -T $^ -o $@
endif

.PHONY: all
.SECONDARY:

-include $(wildcard $(out)/*.d)
