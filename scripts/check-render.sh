#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The pages of `s2ctl render`, in a browser: Debian's Chromium without a screen, driven by Selenium
# (check-render.py). One KTAP line a check. Leaves pages, pictures and screenshots in build/render.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"
out=build/render

mkdir -p "$out"
scripts/build-s2ctl.sh host >/dev/null
# Debian's own Python: it has Debian's Selenium.
exec /usr/bin/python3 -B scripts/check-render.py "$out"
