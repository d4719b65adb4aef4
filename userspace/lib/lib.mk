# SPDX-License-Identifier: GPL-2.0-only
#
# What a program's makefile includes to be made with this folder: $(lib-flags) to compile and
# $(lib-objects) to link, in the program's own $(out). A rule for %.cpp is the program's.

lib-flags := -Iinclude -Iuserspace -Iuserspace/lib
lib-sources := $(wildcard userspace/lib/*/*.cpp)
lib-objects = $(lib-sources:%.cpp=$(out)/%.o) $(out)/userspace/lib/render/embed.o

# The page of `s2ctl render`, as its sources are.
$(out)/userspace/lib/render/embed.o: userspace/lib/render/embed.S $(wildcard userspace/lib/render/page.* userspace/lib/render/*.js)
	@mkdir -p $(@D)
	$(CXX) -c $< -o $@

# The first target of who includes this is what make makes.
.DEFAULT_GOAL :=
