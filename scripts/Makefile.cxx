# SPDX-License-Identifier: GPL-2.0-only
#
# How the kernel's build system compiles C++: one rule, %.cpp to %.o, for every folder of the
# project. A Kbuild file includes it:   include $(src)/scripts/Makefile.cxx
#
# An object is compiled, folded, and audited in one command, so an object that breaks the
# freestanding subset fails the build and is not left behind.

# The project's root, whichever folder includes this file and by whatever link it got there. Absolute:
# from 6.13 on make runs in the module's folder, and this file is scripts/Makefile.cxx, or ./scripts/...
cxx-root := $(patsubst %/scripts/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

# The C++ compiler that belongs to the kernel's C compiler, in the same folder and version:
# gcc -> g++, aarch64-linux-gnu-gcc-12 -> aarch64-linux-gnu-g++-12, clang-19 -> clang++-19.
cxx-name = $(subst gcc,g++,$(subst clang,clang++,$(notdir $1)))
CXX := $(foreach word,$(CC),$(patsubst %$(notdir $(word)),%$(call cxx-name,$(word)),$(word)))

# The code generation of the kernel (general registers only, branch protection, stack protector,
# tracing, sanitizers) has to be ours too. Its warnings are about C, its -std is C's, its compiler
# plugins know only C, and link-time optimization would leave nothing to fold and audit.
cxx_kernel_flags = $(filter-out -W% -std=% -fplugin% $(CC_FLAGS_LTO),$(_c_flags) $(modkern_cflags)) \
	$(filter -Wa$(comma)%,$(_c_flags))

# The language the kernel can carry: no run-time library, no unwinder, no start-up code. Unwind tables are as
# the kernel has them, which finds there where it may put a return address on the shadow call stack.
# -g0: pahole cannot describe templates in BTF, and a kernel refuses the whole module for it.
# Hidden: built into vmlinux, which is position independent, data others may override cannot link.
cxx_flags := -std=c++20 -ffreestanding -fno-exceptions -fno-rtti \
	-fno-threadsafe-statics -fno-use-cxa-atexit \
	$(if $(CONFIG_UNWIND_TABLES),,-fno-unwind-tables -fno-asynchronous-unwind-tables) \
	-fvisibility=hidden -fvisibility-inlines-hidden -mno-outline-atomics -g0 \
	$(if $(findstring clang,$(CXX)),,-fno-gnu-unique) \
	-Wall -Wextra -Werror -I$(cxx-root)/include

# The sanitizers and gcov make frames larger, and their kernels have larger stacks.
cxx-sanitized := $(CONFIG_KASAN)$(CONFIG_KCSAN)$(CONFIG_UBSAN)$(CONFIG_GCOV_KERNEL)
cxx-frame-limit := $(if $(cxx-sanitized),2048,512)

cxx-merge := $(cxx-root)/scripts/merge.lds
cxx-audit := $(cxx-root)/scripts/audit.py

# What a failed step leaves of $@, make deletes.
quiet_cmd_cxx_o_cpp = CXX $(quiet_modtag) $@
      cmd_cxx_o_cpp = \
	$(CXX) -Wp,-MMD,$(depfile) $(cxx_kernel_flags) $(cxx_flags) -c -o $@ $<; \
	$(LD) $(KBUILD_LDFLAGS) -r --force-group-allocation -T $(cxx-merge) \
		-o $(@D)/.tmp_$(@F) $@; \
	mv $(@D)/.tmp_$(@F) $@; \
	$(PYTHON3) $(cxx-audit) --objdump $(OBJDUMP) --frame-limit $(cxx-frame-limit) \
		$(if $(CONFIG_UNWIND_TABLES),--unwind-tables) $@

$(obj)/%.o: $(src)/%.cpp $(cxx-merge) $(cxx-audit) FORCE
	$(call if_changed_dep,cxx_o_cpp)
