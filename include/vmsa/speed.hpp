// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Fast, or small. At -O2 and -O3 the common case of a call is inlined, loops are unrolled, each level of a
// walk and each operation has code of its own. At -Os one loop, one call and one body serve for all; what
// they do is the same. `make bench-host` and `make bench-size` have the figures.
#pragma once

namespace vmsa
{

#if defined(__OPTIMIZE_SIZE__)

inline constexpr bool optimized_for_size = true;
#define VMSA_INLINE
#define VMSA_UNROLL

#else

inline constexpr bool optimized_for_size = false;
#define VMSA_INLINE [[gnu::always_inline]]
// Repeats the body of the loop it stands before; the compilers have no common spelling.
#if defined(__clang__)
#define VMSA_UNROLL _Pragma("clang loop unroll_count(8)")
#else
#define VMSA_UNROLL _Pragma("GCC unroll 8")
#endif

#endif

// Kernels have all variables zeroed at first (-ftrivial-auto-var-init), also those that a constructor makes: not this
// one.
#if defined(__clang__)
#define VMSA_UNINITIALIZED [[clang::uninitialized]]
#elif __GNUC__ >= 12
#define VMSA_UNINITIALIZED [[gnu::uninitialized]]
#else
#define VMSA_UNINITIALIZED
#endif

} // namespace vmsa
