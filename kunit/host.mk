# SPDX-License-Identifier: GPL-2.0-only
#
# The suites as native programs: `make -f kunit/host.mk PROGRAM...` in the project's root.
#
#   build/host/tests    suites/, with every sanitizer: to compile it takes longer than to run it, so suites are
#                       compiled together (together.sh), and without lines for a debugger
#   build/host/some     those of SUITES='map cut': each by itself, with lines
#   build/host/games    games/, a million random operations: to run it takes longer than to compile it,
#                       so it is optimized, and has only the sanitizers that cost little. Two of the four are
#                       optimized for size, where the library is built otherwise (include/vmsa/speed.hpp)
#   build/host/alike    alike/, the same calls to the library at -O2 and at -Os
#   build/host/exhaust  exhaust/, every state of small worlds: what it does, it does millions of times, so it is
#                       optimized, and its judges have to do
#   build/host/interleave  interleave/, every schedule of calls that meet
#   build/host/threads  threads/, real threads, with ThreadSanitizer
#   build/host/guest    guest/, parts of module/guest
#
# By clang, which compiles sanitized C++ in a third of the time g++ takes; in a kernel they are g++'s.

CXX := clang++-19
flags := -std=c++20 -Wall -Wextra -Werror -I. -Iinclude -Imodule -Ikunit -fno-sanitize-recover=all
tests-flags := $(flags) -O0 -fsanitize=address,undefined
games-flags := $(flags) -O1 -DSUITES_DEF='"games/games.def"' \
	       -fsanitize=shift,bounds,signed-integer-overflow,bool,enum,return,unreachable

exhaust-flags := $(flags) -O2 -DSUITES_DEF='"exhaust/exhaust.def"' -include kunit/exhaust/steps.hpp
interleave-flags := $(flags) -O2 -DSUITES_DEF='"interleave/interleave.def"' -include kunit/interleave/hooks.hpp
alike-flags := $(flags) -O2 -DSUITES_DEF='"alike/alike.def"'
guest-flags := $(flags) -O1 -fsanitize=address,undefined -DSUITES_DEF='"guest/guest.def"'
threads-flags := $(flags) -O1 -g -fsanitize=thread -DSUITES_DEF='"threads/threads.def"' -include kunit/threads/order.hpp

$(addprefix build/host/games.o/kunit/games/,stage2_fwb.o without_el0.o): games-flags += -Os
build/host/alike.o/kunit/alike/small.o: alike-flags += -Os

home := kunit/host.cpp kunit/suites.cpp kunit/support/lab.cpp
groups := $(if $(filter build/host/tests,$(MAKECMDGOALS)),$(or $(shell sh kunit/together.sh build/host/together), \
	  $(error the suites cannot be put together)))
together := $(groups:%=build/host/together/%.o)
alone := $(patsubst %.cpp,build/host/%.o,$(home) $(SUITES:%=kunit/suites/%.cpp))
games := $(patsubst %.cpp,build/host/games.o/%.o,$(home) $(wildcard kunit/games/*.cpp))
alike := $(patsubst %.cpp,build/host/alike.o/%.o,$(filter-out %/lab.cpp,$(home)) $(wildcard kunit/alike/*.cpp))
exhaust := $(patsubst %.cpp,build/host/exhaust.o/%.o,$(filter-out %/lab.cpp,$(home)) $(wildcard kunit/exhaust/*.cpp))
interleave := $(patsubst %.cpp,build/host/interleave.o/%.o,$(filter-out %/lab.cpp,$(home)) $(wildcard kunit/interleave/*.cpp) \
	      kunit/exhaust/meaning.cpp)
guest := $(patsubst %.cpp,build/host/guest.o/%.o,$(filter-out %/lab.cpp,$(home)) $(wildcard kunit/guest/*.cpp) module/guest/ram.cpp)
threads := $(patsubst %.cpp,build/host/threads.o/%.o,$(filter-out %/lab.cpp,$(home)) $(wildcard kunit/threads/*.cpp))

build/host/tests: $(home:%.cpp=build/host/%.o) $(together)
	$(CXX) $(tests-flags) $^ -lgtest -o $@

# Which suites there are is different each time.
build/host/some: $(filter-out %/suites.o,$(alone)) build/host/some.o FORCE
	$(CXX) $(tests-flags) $(filter %.o,$^) -lgtest -o $@

build/host/games: $(games)
	$(CXX) $(games-flags) $^ -lgtest -o $@

build/host/alike: $(alike)
	$(CXX) $(alike-flags) $^ -lgtest -o $@

build/host/exhaust: $(exhaust)
	$(CXX) $(exhaust-flags) $^ -lgtest -o $@

build/host/interleave: $(interleave)
	$(CXX) $(interleave-flags) $^ -lgtest -o $@

build/host/threads: $(threads)
	$(CXX) $(threads-flags) $^ -lgtest -o $@

build/host/guest: $(guest)
	$(CXX) $(guest-flags) $^ -lgtest -o $@

$(alone): build/host/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(tests-flags) -g -MMD -MP -c $< -o $@

build/host/some.o: kunit/suites.cpp kunit/host.mk
	$(CXX) $(tests-flags) -DSOME_SUITES -MMD -MP -c $< -o $@

$(together): %.o: %.cpp kunit/host.mk
	$(CXX) $(tests-flags) -MMD -MP -c $< -o $@

$(games): build/host/games.o/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(games-flags) -MMD -MP -c $< -o $@

$(alike): build/host/alike.o/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(alike-flags) -MMD -MP -c $< -o $@

$(exhaust): build/host/exhaust.o/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(exhaust-flags) -MMD -MP -c $< -o $@

$(interleave): build/host/interleave.o/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(interleave-flags) -MMD -MP -c $< -o $@

$(threads): build/host/threads.o/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(threads-flags) -MMD -MP -c $< -o $@

$(guest): build/host/guest.o/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(guest-flags) -MMD -MP -c $< -o $@

.PHONY: FORCE

-include $(alike:.o=.d) $(guest:.o=.d) $(interleave:.o=.d) $(threads:.o=.d) build/host/some.d $(alone:.o=.d) $(together:.o=.d) $(games:.o=.d) $(exhaust:.o=.d)
