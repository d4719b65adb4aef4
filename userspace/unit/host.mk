# SPDX-License-Identifier: GPL-2.0-only
#
# The tests of what userspace shares, natively and under sanitizers: `make -f userspace/unit/host.mk` in
# the project's root builds build/unit/tests and build/unit/mutate; with `fuzz`, build/unit/fuzz, which
# is libFuzzer's (build/unit/fuzz CORPUS, for as long as it pleases).

# Clang, which compiles sanitized C++ in a third of the time g++ takes. What damaged dumps go through is
# optimized: that runs longer than it compiles.

CXX := clang++-19
out := build/unit
flags := -std=c++20 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	 -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror -I. -Iinclude -Iuserspace
shared := $(wildcard $(addsuffix /*.cpp,$(addprefix userspace/,decode dump elf formats render rows text trace)))
s2ctl := $(addprefix userspace/s2ctl/,boot.cpp debugfs.cpp keys.cpp machine.cpp output.cpp program.cpp)
objects = $(addprefix $(out)/,$(patsubst %.cpp,%.o,$(1) $(shared)) userspace/render/embed.o)
tests := $(call objects,$(wildcard userspace/unit/*_test.cpp) $(s2ctl))
mutate := $(call objects,userspace/unit/mutate.cpp userspace/unit/fuzz_dump.cpp)

.PHONY: all fuzz
all: $(out)/tests $(out)/mutate
fuzz: $(out)/fuzz

$(out)/tests: $(tests)
	$(CXX) $(flags) $^ -lgtest -lgtest_main -o $@

$(out)/mutate: $(mutate)
	$(CXX) $(flags) $^ -o $@

$(out)/fuzz: userspace/unit/fuzz_dump.cpp $(shared) userspace/render/embed.S
	$(CXX) -fsanitize=fuzzer -O1 $(flags) $^ -o $@

$(out)/userspace/render/embed.o: userspace/render/embed.S $(wildcard userspace/render/page.* userspace/render/*.js)
	@mkdir -p $(@D)
	$(CXX) -c $< -o $@

$(out)/%.o: %.cpp userspace/unit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(if $(findstring _test,$<),-O0,-O1) $(flags) -MMD -MP -c $< -o $@

-include $(tests:.o=.d) $(mutate:.o=.d)
