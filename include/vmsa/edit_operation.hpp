// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What an edit (edit.hpp) does to one leaf. An operation says of this what it does not leave to LeafOperation:
//
//   edits                    false: leaves stay as they are, and are only cut
//   removes                  leaves go away, `left` stands there, and tables may become empty
//   uniform                  leaves that are alike stay alike: what it does follows from the bits of
//                            the descriptor, never from its place
//   largest                  the lowest level whose leaves may stay leaves
//   check(d, region, level)  none, or why this leaf may not be edited
//   edit(d, region, level)   the leaf anew
#pragma once

#include "vmsa/error.hpp"
#include "vmsa/granule.hpp"
#include "vmsa/speed.hpp"

#include <type_traits>

namespace vmsa
{

struct LeafOperation {
	static constexpr bool edits = true;
	static constexpr bool removes = false;
	static constexpr bool uniform = true;
	static constexpr Level largest = -1;
	static constexpr Descriptor left = 0;

	static constexpr Errc check(Descriptor, auto, Level)
	{
		return Errc::none;
	}
	static constexpr Descriptor edit(Descriptor d, auto, Level)
	{
		return d;
	}
};

// Any of them, which is to outlive this: one body of an edit then does for all (speed.hpp).
template <class Input> struct AnyOperation : LeafOperation {
	bool edits;
	bool removes;
	bool uniform;
	Level largest;
	Descriptor left;

	template <class Operation>
	explicit AnyOperation(const Operation &operation)
	    : edits{Operation::edits}, removes{Operation::removes}, uniform{Operation::uniform},
	      largest{operation.largest}, left{operation.left}, operation_{&operation},
	      check_{[](const void *o, Descriptor d, Region<Input> leaf, Level level) {
		      return static_cast<const Operation *>(o)->check(d, leaf, level);
	      }},
	      edit_{[](const void *o, Descriptor d, Region<Input> leaf, Level level) {
		      return static_cast<const Operation *>(o)->edit(d, leaf, level);
	      }}
	{
	}

	Errc check(Descriptor d, Region<Input> leaf, Level level) const
	{
		return check_(operation_, d, leaf, level);
	}
	Descriptor edit(Descriptor d, Region<Input> leaf, Level level) const
	{
		return edit_(operation_, d, leaf, level);
	}

    private:
	const void *operation_;
	Errc (*check_)(const void *, Descriptor, Region<Input>, Level);
	Descriptor (*edit_)(const void *, Descriptor, Region<Input>, Level);
};

// edit(operation), or where one body of it is to do for all: edit(any operation).
template <class Input, class Operation, class Edit>
constexpr auto with_one_body(const Operation &operation, const Edit &edit)
{
	if constexpr (optimized_for_size) {
		if (!std::is_constant_evaluated())
			return edit(AnyOperation<Input>{operation});
	}
	return edit(operation);
}

} // namespace vmsa
