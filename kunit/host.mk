# SPDX-License-Identifier: GPL-2.0-only
#
# The suites as a native program, build/host/tests: `make -f kunit/host.mk` in the project's root.

flags := -std=c++20 -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	 -Wall -Wextra -Werror -I. -Iinclude -Ikunit
in_kernel := engine
sources := kunit/host.cpp kunit/suites.cpp $(filter-out $(in_kernel:%=kunit/suites/%.cpp),$(wildcard kunit/suites/*.cpp))
objects := $(sources:%.cpp=build/host/%.o)

build/host/tests: $(objects)
	$(CXX) $(flags) $^ -lgtest -o $@

build/host/%.o: %.cpp kunit/host.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -MMD -MP -c $< -o $@

-include $(objects:.o=.d)
