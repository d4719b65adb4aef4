# SPDX-License-Identifier: GPL-2.0-only
#
# The targets of libFuzzer, build/fuzz/NAME: `make -f kunit/fuzz/fuzz.mk all` in the project's root, or `FORMATS=all` for every
# format of the library, which takes minutes. A file NAME.cpp here is a target, when it is in `targets`.

targets := operations adopt image requests description dump decode records

CXX := clang++-19
out := build/fuzz
sanitizers := address,undefined
# Where an input does millions of things: the sanitizers that cost little.
sanitizers-of-operations := shift,bounds,signed-integer-overflow,bool,enum,return,unreachable
flags = -std=c++20 -O1 -g1 -Wall -Wextra -Werror -Wno-unused-private-field -fno-sanitize-recover=all -fsanitize=fuzzer-no-link
includes := -Iinclude -Ikunit -Imodule -Iuserspace -Iuserspace/lib -Ikunit/fuzz -I.

include userspace/lib/lib.mk

# What takes longest to compile in userspace/lib is not fuzzed.
fuzzed-lib := $(filter-out $(out)/userspace/lib/translate/%,$(lib-objects))

# Each instruction of the library is in one of these: both stages, every granule, with and without LPA, with EL0 and not.
formats := Stage2Fwb,4K,48 Stage2,64K,52 El1And0,4K,52 El2,16K,52
ifeq ($(FORMATS),all)
formats := $(foreach stage,Stage2 Stage2Fwb El1And0 El2And0 El2 El3,$(foreach granule,4K 16K 64K,$(stage),$(granule),48 $(stage),$(granule),52))
# The usual formats of the lab are compiled there (support/lab.hpp).
usual := kunit/support/lab
endif

objects-of-operations := $(addprefix $(out)/fast/,kunit/fuzz/operations.o kunit/fuzz/home.o $(usual:%=%.o) $(formats:%=format.%.o))
objects-of-adopt := $(addprefix $(out)/,kunit/fuzz/adopt.o)
objects-of-image := $(addprefix $(out)/,kunit/fuzz/image.o)
objects-of-requests := $(patsubst %.cpp,$(out)/%.o,kunit/fuzz/requests.cpp kunit/fuzz/kernel.cpp kunit/fuzz/kernel_trace.cpp kunit/fuzz/machine.cpp kunit/fuzz/walker.cpp $(wildcard module/*/*.cpp))
objects-of-description := $(patsubst %.cpp,$(out)/%.o,kunit/fuzz/description.cpp \
	$(filter-out %/main.cpp,$(wildcard userspace/vmsa-image/*.cpp)) $(wildcard userspace/lib/rows/*.cpp userspace/lib/text/*.cpp))
objects-of-dump := $(out)/kunit/fuzz/dump.o $(out)/userspace/tests/unit/judge_dump.o $(fuzzed-lib)
objects-of-decode := $(out)/kunit/fuzz/decode.o $(fuzzed-lib)
objects-of-records := $(out)/kunit/fuzz/records.o $(fuzzed-lib)
all-objects := $(sort $(foreach target,$(targets),$(objects-of-$(target))))

.PHONY: all
all: $(targets:%=$(out)/%)

.SECONDEXPANSION:
$(targets:%=$(out)/%): $(out)/%: $$(objects-of-$$*)
	$(CXX) -fsanitize=fuzzer,$(if $(findstring /fast/,$<),undefined,$(sanitizers)) $^ -o $@

# make would link X.d from X.d.o, where a name has dots.
%: %.o

comma := ,
word-of = $(word $1,$(subst $(comma), ,$2))
$(out)/fast/format.%.o: kunit/fuzz/operation_formats.cpp kunit/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -fsanitize=$(sanitizers-of-operations) $(includes) -MMD -MP -c $< -o $@ \
		-DFUZZ_FORMAT='$(call word-of,1,$*), Granule$(call word-of,2,$*), $(call word-of,3,$*)'

$(out)/fast/%.o: %.cpp kunit/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -fsanitize=$(sanitizers-of-operations) $(includes) -MMD -MP -c $< -o $@

# To compile these takes much longer than to run them: vmsa-image has an engine of every format.
$(out)/userspace/vmsa-image/%.o: userspace/vmsa-image/%.cpp kunit/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -O0 -fsanitize=address $(includes) -MMD -MP -c $< -o $@

$(out)/%.o: %.cpp kunit/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -fsanitize=$(sanitizers) $(includes) -MMD -MP -c $< -o $@

-include $(wildcard $(all-objects:.o=.d))
