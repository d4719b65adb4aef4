// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Features: what a machine can do, as far as maps need it. A map that needs more is refused, and the error names the
// feature. On the machine itself, ThisCpu::features() reads the ID registers. For tables of another machine, make one
// by hand, or from that machine's ID registers:
//
//   constexpr Features board = Features{40}.with(Feature::granule4k).with(Feature::stage2_4k);
//   constexpr Features cortex_a57 = Features::from({{0x1124}});
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/error.hpp"
#include "vmsa/geometry.hpp"

namespace vmsa
{

// What a machine may have. feature_names has the Arm names; id_fields where the ID registers say so.
enum class Feature : uint8_t {
	granule4k, // of stage 1
	granule16k,
	granule64k,
	lpa2_4k,
	lpa2_16k,
	stage2_4k,
	stage2_16k,
	stage2_64k,
	stage2_lpa2_4k,
	stage2_lpa2_16k,
	lpa, // 52 bits of output, with the 64K granule
	lva, // and of input at stage 1
	asid16,
	vmid16,
	vhe, // EL2&0
	access_flag, // hardware sets AF
	dirty_state, // and the dirty state
	xnx, // Execute::el0_only and el1_only at stage 2
	fwb,
	bbm1,
	bbm2,
	ttl,
	tlbi_range,
	ttcnp,
	tlbi_outer, // Outer Shareable TLBI
	xs, // invalidations that need not wait for slow devices
	e0pd,
	mte2, // memory with allocation tags
	mte_perm, // and stage 2 that keeps a guest from them
	rme, // Root and Realm
};

// How many there are.
inline constexpr unsigned feature_count = 30;

// ID_AA64MMFR0_EL1, MMFR1, MMFR2, ID_AA64ISAR0_EL1, ISAR1, and ID_AA64PFR0_EL1, PFR1, PFR2.
struct IdRegisters {
	uint64_t value[8] = {}; // in the order above
};

// Where an ID register says so: a field of four bits, from `low` on, with the least value that does. Where a
// field of stage 2 is 0, the one of stage 1 counts.
struct IdField {
	Feature feature;
	uint8_t in; // IdRegisters, in order
	uint8_t low;
	int8_t least;
	bool is_signed = false;
	Feature stage1 = Feature::tlbi_range; // itself, or any other that is not of stage 1
};

// In the order of Feature.
inline constexpr IdField id_fields[feature_count] = {
	{Feature::granule4k, 0, 28, 0, true},
	{Feature::granule16k, 0, 20, 1},
	{Feature::granule64k, 0, 24, 0, true},
	{Feature::lpa2_4k, 0, 28, 1, true},
	{Feature::lpa2_16k, 0, 20, 2},
	{Feature::stage2_4k, 0, 40, 2, false, Feature::granule4k},
	{Feature::stage2_16k, 0, 32, 2, false, Feature::granule16k},
	{Feature::stage2_64k, 0, 36, 2, false, Feature::granule64k},
	{Feature::stage2_lpa2_4k, 0, 40, 3, false, Feature::lpa2_4k},
	{Feature::stage2_lpa2_16k, 0, 32, 3, false, Feature::lpa2_16k},
	{Feature::lpa, 0, 0, 6},
	{Feature::lva, 2, 16, 1},
	{Feature::asid16, 0, 4, 2},
	{Feature::vmid16, 1, 4, 2},
	{Feature::vhe, 1, 8, 1},
	{Feature::access_flag, 1, 0, 1},
	{Feature::dirty_state, 1, 0, 2},
	{Feature::xnx, 1, 28, 1},
	{Feature::fwb, 2, 40, 1},
	{Feature::bbm1, 2, 52, 1},
	{Feature::bbm2, 2, 52, 2},
	{Feature::ttl, 2, 48, 1},
	{Feature::tlbi_range, 3, 56, 2},
	{Feature::ttcnp, 2, 0, 1},
	{Feature::tlbi_outer, 3, 56, 1},
	{Feature::xs, 4, 56, 1},
	{Feature::e0pd, 2, 60, 1},
	{Feature::mte2, 6, 8, 2},
	{Feature::mte_perm, 7, 0, 1},
	{Feature::rme, 5, 52, 1},
};

// As the Arm ARM calls them.
inline constexpr const char *feature_names[feature_count] = {
	"TGran4",
	"TGran16",
	"TGran64",
	"FEAT_LPA2 (TGran4)",
	"FEAT_LPA2 (TGran16)",
	"TGran4_2",
	"TGran16_2",
	"TGran64_2",
	"FEAT_LPA2 (TGran4_2)",
	"FEAT_LPA2 (TGran16_2)",
	"FEAT_LPA",
	"FEAT_LVA",
	"16-bit ASIDs",
	"FEAT_VMID16",
	"FEAT_VHE",
	"FEAT_HAFDBS (access flag)",
	"FEAT_HAFDBS (dirty state)",
	"FEAT_XNX",
	"FEAT_S2FWB",
	"FEAT_BBM level 1",
	"FEAT_BBM level 2",
	"FEAT_TTL",
	"FEAT_TLBIRANGE",
	"FEAT_TTCNP",
	"FEAT_TLBIOS",
	"FEAT_XS",
	"FEAT_E0PD",
	"FEAT_MTE2",
	"FEAT_MTE_PERM",
	"FEAT_RME",
};

static_assert([] {
	for (unsigned i = 0; i < feature_count; i++) {
		if (static_cast<unsigned>(id_fields[i].feature) != i)
			return false;
	}
	return true;
}());

// The feature as the Arm ARM calls it: "FEAT_LPA".
constexpr const char *name(Feature feature)
{
	return feature_names[static_cast<unsigned>(feature)];
}

// One bit for each feature, so that several fit into a number.
constexpr uint32_t feature_bit(Feature feature)
{
	return uint32_t{1} << static_cast<unsigned>(feature);
}

// Of an or of bits, the first.
constexpr Error missing_feature(uint32_t features)
{
	const auto first = static_cast<uint64_t>(__builtin_ctz(features));

	return {Errc::no_feature, first, first};
}

// ---- What attributes ask of the machine, an or of these. ----

constexpr uint32_t features_asked(const Stage1Access &)
{
	return 0;
}

constexpr uint32_t features_asked(const Access &a)
{
	return a.execute == Execute::el0_only || a.execute == Execute::el1_only
		       ? feature_bit(Feature::xnx)
		       : 0;
}

constexpr uint32_t features_asked(const Stage1Attributes &a)
{
	return (a.memory == MemoryType::normal_tagged ? feature_bit(Feature::mte2) : 0) |
	       (a.nse ? feature_bit(Feature::rme) : 0);
}

constexpr uint32_t features_asked(const Stage2Attributes &a)
{
	return features_asked(a.access) | (a.no_tags ? feature_bit(Feature::mte_perm) : 0) |
	       (a.non_secure ? feature_bit(Feature::rme) : 0);
}

// What one machine has: a set of Feature, and the size of its physical addresses.
class Features {
    public:
	// Nothing is known.
	constexpr Features() = default;
	// Nothing but a size of physical addresses.
	constexpr explicit Features(unsigned pa_bits) : pa_bits_{pa_bits}
	{
	}

	// From ID registers. Without any granule nothing is known: these are the values that Linux shows to a process.
	static constexpr Features from(const IdRegisters &id)
	{
		Features all{pa_bits_of(static_cast<unsigned>(id.value[0] & 7))};

		for (const IdField &f : id_fields) {
			const unsigned value = (id.value[f.in] >> f.low) & 15;
			const bool is_of_stage1 = !value && f.stage1 < Feature::stage2_4k;
			const int level =
				static_cast<int>(value) - (f.is_signed && value >= 8 ? 16 : 0);

			if (is_of_stage1 ? all.has(f.stage1) : level >= f.least)
				all.set_ |= feature_bit(f.feature);
		}
		return all.has(Feature::granule4k) || all.has(Feature::granule16k) ||
				       all.has(Feature::granule64k)
			       ? all
			       : Features{};
	}

	// A machine that has everything.
	static constexpr Features all()
	{
		Features every{52};

		every.set_ = static_cast<uint32_t>(low_bits(feature_count));
		return every;
	}

	// The same machine, and it has `feature`.
	constexpr Features with(Feature feature) const
	{
		Features more = *this;

		more.set_ |= feature_bit(feature);
		return more;
	}
	// The same machine, and it lacks `feature`.
	constexpr Features without(Feature feature) const
	{
		Features less = *this;

		less.set_ &= ~feature_bit(feature);
		return less;
	}

	// Is anything known? If not, nothing is missing.
	constexpr bool is_known() const
	{
		return pa_bits_ != 0;
	}
	// Bits of physical addresses; 0 if nothing is known.
	constexpr unsigned pa_bits() const
	{
		return pa_bits_;
	}
	// Does the machine have it?
	constexpr bool has(Feature feature) const
	{
		return set_ & feature_bit(feature);
	}
	// Which of `features` (bits of feature_bit()) it lacks. If nothing is known, nothing is missing.
	constexpr uint32_t missing(uint32_t features) const
	{
		return is_known() ? features & ~set_ : 0;
	}

	constexpr bool operator==(const Features &) const = default;

    private:
	unsigned pa_bits_ = 0;
	uint32_t set_ = 0;
};

namespace features_truth
{
// The value of a field of four bits, and whether that is said to be enough.
consteval bool says(Feature feature, uint64_t value, bool enough)
{
	IdRegisters id;
	const IdField &f = id_fields[static_cast<unsigned>(feature)];

	id.value[f.in] = value << f.low;
	return Features::from(id).has(feature) == enough;
}
static_assert(says(Feature::granule4k, 0, true) && says(Feature::granule4k, 15, false));
static_assert(says(Feature::granule16k, 0, false) && says(Feature::granule16k, 1, true));
static_assert(says(Feature::granule64k, 0, true) && says(Feature::granule64k, 15, false));
static_assert(says(Feature::lpa2_4k, 0, false) && says(Feature::lpa2_4k, 1, true) &&
	      says(Feature::lpa2_4k, 15, false));
static_assert(says(Feature::lpa2_16k, 1, false) && says(Feature::lpa2_16k, 2, true));
static_assert(says(Feature::stage2_4k, 0, true) && says(Feature::stage2_4k, 1, false) &&
	      says(Feature::stage2_4k, 2, true));
static_assert(says(Feature::stage2_16k, 0, false) && says(Feature::stage2_16k, 1, false) &&
	      says(Feature::stage2_16k, 2, true));
static_assert(says(Feature::stage2_64k, 0, true) && says(Feature::stage2_64k, 1, false));
static_assert(says(Feature::stage2_lpa2_4k, 2, false) && says(Feature::stage2_lpa2_4k, 3, true));
static_assert(says(Feature::stage2_lpa2_16k, 2, false) && says(Feature::stage2_lpa2_16k, 3, true));
static_assert(says(Feature::lpa, 5, false) && says(Feature::lpa, 6, true));
static_assert(says(Feature::lva, 0, false) && says(Feature::lva, 1, true));
static_assert(says(Feature::asid16, 0, false) && says(Feature::asid16, 2, true));
static_assert(says(Feature::vmid16, 0, false) && says(Feature::vmid16, 2, true));
static_assert(says(Feature::vhe, 0, false) && says(Feature::vhe, 1, true));
static_assert(says(Feature::access_flag, 0, false) && says(Feature::access_flag, 1, true));
static_assert(says(Feature::dirty_state, 1, false) && says(Feature::dirty_state, 2, true));
static_assert(says(Feature::xnx, 0, false) && says(Feature::xnx, 1, true));
static_assert(says(Feature::fwb, 0, false) && says(Feature::fwb, 1, true));
static_assert(says(Feature::bbm1, 0, false) && says(Feature::bbm1, 1, true));
static_assert(says(Feature::bbm2, 1, false) && says(Feature::bbm2, 2, true));
static_assert(says(Feature::ttl, 0, false) && says(Feature::ttl, 1, true));
static_assert(says(Feature::tlbi_range, 1, false) && says(Feature::tlbi_range, 2, true));
static_assert(says(Feature::ttcnp, 0, false) && says(Feature::ttcnp, 1, true));
static_assert(says(Feature::tlbi_outer, 0, false) && says(Feature::tlbi_outer, 1, true));
static_assert(says(Feature::xs, 0, false) && says(Feature::xs, 1, true));
static_assert(says(Feature::e0pd, 0, false) && says(Feature::e0pd, 1, true));
static_assert(says(Feature::mte2, 1, false) && says(Feature::mte2, 2, true));
static_assert(says(Feature::mte_perm, 0, false) && says(Feature::mte_perm, 1, true));
static_assert(says(Feature::rme, 0, false) && says(Feature::rme, 1, true));
// As Linux emulates ID_AA64MMFR0_EL1 for a process: TGran4 and TGran64 are 15, TGran16 is 0.
static_assert(!Features::from({{0xff00'0000}}).is_known());
// Cortex-A57: 44 bits, no 16K granule, 16-bit ASIDs, nothing of Armv8.1.
static_assert(Features::from({{0x1124}}) == Features{44}
						    .with(Feature::granule4k)
						    .with(Feature::granule64k)
						    .with(Feature::stage2_4k)
						    .with(Feature::stage2_64k)
						    .with(Feature::asid16));
} // namespace features_truth

} // namespace vmsa
