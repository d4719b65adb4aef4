# SPDX-License-Identifier: GPL-2.0-only
#
# vmsa-image, a native program: `make -f userspace/vmsa-image/host.mk` in the project's root builds
# build/vmsa-image/vmsa-image. Not optimized: it has little to do, and much to compile. `install` puts it into
# DESTDIR/PREFIX/bin.

out := build/vmsa-image
flags := -std=c++20 -Wall -Wextra -Wconversion -Werror -Iinclude -Iuserspace/lib
sources := $(wildcard $(addprefix userspace/,vmsa-image/*.cpp lib/rows/*.cpp lib/text/*.cpp))
objects := $(sources:%.cpp=$(out)/%.o)

$(out)/vmsa-image: $(objects)
	$(CXX) $^ -o $@

$(out)/%.o: %.cpp userspace/vmsa-image/host.mk
	@mkdir -p $(@D)
	$(CXX) $(flags) -MMD -MP -c $< -o $@

PREFIX ?= /usr/local

.PHONY: install
install: $(out)/vmsa-image
	install -D $< $(DESTDIR)$(PREFIX)/bin/vmsa-image

-include $(objects:.o=.d)
