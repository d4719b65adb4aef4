# SPDX-License-Identifier: GPL-2.0-only
#
# The tests of userspace/lib, and of what s2ctl decides, natively and under sanitizers:
# `make -f userspace/tests/unit/host.mk` in the project's root builds build/unit/tests and
# build/unit/mutate.

# Clang, which compiles sanitized C++ in a third of the time g++ takes. What damaged dumps go through is
# optimized: that runs longer than it compiles.

CXX := clang++-19
out := build/unit
flags := -std=c++20 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	 -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror
include userspace/lib/lib.mk
flags += $(lib-flags)
s2ctl := $(addprefix userspace/s2ctl/,boot.cpp debugfs.cpp keys.cpp machine.cpp module_json.cpp output.cpp program.cpp)
objects = $(patsubst %.cpp,$(out)/%.o,$(1)) $(lib-objects)
tests := $(call objects,$(wildcard userspace/tests/unit/*_test.cpp) $(s2ctl))
mutate := $(call objects,userspace/tests/unit/mutate.cpp userspace/tests/unit/judge_dump.cpp)

.PHONY: all
all: $(out)/tests $(out)/mutate

$(out)/tests: $(tests)
	$(CXX) $(flags) $^ -lgtest -lgtest_main -o $@

$(out)/mutate: $(mutate)
	$(CXX) $(flags) $^ -o $@

$(out)/%.o: %.cpp userspace/tests/unit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(if $(findstring _test,$<),-O0,-O1) $(flags) -MMD -MP -c $< -o $@

-include $(tests:.o=.d) $(mutate:.o=.d)
