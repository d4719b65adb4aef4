# SPDX-License-Identifier: GPL-2.0-only
#
# The MMU judge's firmware images, build/mmu/REGIME.bin: `make -f kunit/mmu/mmu.mk` in the project's
# root, with the images that are wanted.

cross := aarch64-linux-gnu-
out := build/mmu

# Nothing lies below an image: no library, no FP registers, and no unaligned access, because memory
# is Device memory until the MMU is on.
flags := -std=c++20 -O1 -Wall -Wextra -Werror -ffreestanding -fno-pic -march=armv8.2-a \
	 -mgeneral-regs-only -mstrict-align -fno-exceptions -fno-rtti -fno-threadsafe-statics \
	 -fno-unwind-tables -fno-asynchronous-unwind-tables -fno-stack-protector \
	 -fno-tree-loop-distribute-patterns -Iinclude -Ikunit

$(out)/%.bin: $(out)/%.elf
	$(cross)objcopy -O binary -j .text $< $@

$(out)/%.elf: kunit/mmu/image.lds $(out)/start.o $(out)/machine.o $(out)/%.o
	$(cross)g++-12 -nostdlib -static -Wl,--build-id=none -T $^ -o $@

$(out)/%.o: kunit/mmu/%.cpp kunit/mmu/mmu.mk
	@mkdir -p $(@D)
	$(cross)g++-12 $(flags) -MMD -MP -c $< -o $@

$(out)/%.o: kunit/mmu/%.S kunit/mmu/mmu.mk
	@mkdir -p $(@D)
	$(cross)gcc-12 -c $< -o $@

.SECONDARY:

-include $(wildcard $(out)/*.d)
