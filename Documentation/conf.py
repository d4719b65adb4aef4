# SPDX-License-Identifier: GPL-2.0-only
"""The manual, for Sphinx; scripts/docs.sh builds it."""
project = "stage2"
html_theme = "alabaster"
html_theme_options = {"description": "AArch64 page tables, and a module to watch them", "page_width": "1080px"}
html_show_copyright = False
html_show_sourcelink = False
exclude_patterns = ["examples"]
highlight_language = "none"

# The API reference: Doxygen reads the headers (Doxyfile, run by docs.sh), Breathe shows what it found.
extensions = ["breathe"]
breathe_projects = {"vmsa": "../build/docs/doxygen/xml"}
breathe_default_project = "vmsa"
cpp_index_common_prefix = ["vmsa::"]
# Names of C++ in declarations: types of the standard library and parameters of templates have no page.
nitpick_ignore_regex = [("cpp:.*", ".*")]

# :test:`suite.name` is a test of kunit/suites, `audit.name` one of kunit/audit, and `file.sh: words`
# one of userspace/tests/e2e. :file:`path` is a file of the project. docs.sh looks for each of them.
rst_prolog = ".. role:: test(literal)\n"
