// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Which version of the library this is, for #if: VMSA_VERSION >= VMSA_VERSION_OF(1, 2, 0).
#pragma once

// 0 until names are stable.
#define VMSA_VERSION_MAJOR 0
// New names.
#define VMSA_VERSION_MINOR 1
// Only mended.
#define VMSA_VERSION_PATCH 0
// The same as text.
#define VMSA_VERSION_STRING "0.1.0"

// A number that grows with the version; minor and patch stay below 1000.
#define VMSA_VERSION_OF(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
// This version.
#define VMSA_VERSION VMSA_VERSION_OF(VMSA_VERSION_MAJOR, VMSA_VERSION_MINOR, VMSA_VERSION_PATCH)
