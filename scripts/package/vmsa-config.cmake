# SPDX-License-Identifier: MIT OR Apache-2.0
#
# find_package(vmsa) gives the target vmsa::vmsa: headers, and C++20. Found by where this file lies,
# PREFIX/share/cmake/vmsa, so that an installation may be moved.

if(NOT TARGET vmsa::vmsa)
	get_filename_component(_vmsa_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
	add_library(vmsa::vmsa INTERFACE IMPORTED)
	set_target_properties(vmsa::vmsa PROPERTIES
		INTERFACE_INCLUDE_DIRECTORIES "${_vmsa_prefix}/include"
		INTERFACE_COMPILE_FEATURES cxx_std_20)
	unset(_vmsa_prefix)
endif()
