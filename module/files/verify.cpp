// SPDX-License-Identifier: GPL-2.0-only
//
// The file `verify`: the MMU walks the guest's tables, and translate() does, and they agree. Every
// leaf is asked for, at both ends and at a place in between, and so is every hole. Guests run meanwhile: a fault
// may map a page, or hardware note an access, between the question and the comparison. Then it is asked again.
#include "text.hpp"
#include "views.hpp"
#include "words/error_log.hpp"

#include <cerrno>

namespace stage2
{

namespace
{

using vmsa::Ipa;
using vmsa::Level;

// PAR_EL1, or what it should be.
struct Answer {
	enum class Kind : uint8_t { memory, translation, access_flag, permission, other };
	enum class Memory : uint8_t { device, nc, cached };

	Kind kind;
	Level level = 0; // of a fault
	uint64_t pa = 0; // of the page
	Memory memory{};

	bool operator==(const Answer &) const = default;
};

// Arm ARM D19.2.110. Of a memory type only its class is compared: a CPU may say what it makes of it.
Answer decode(uint64_t par)
{
	constexpr uint64_t pa_bits = vmsa::low_bits(52) & ~vmsa::low_bits(12);

	if (!(par & 1)) {
		const unsigned attr = par >> 56;

		return {.kind = Answer::Kind::memory,
			.pa = par & pa_bits,
			.memory = attr < 0x10	 ? Answer::Memory::device
				  : attr == 0x44 ? Answer::Memory::nc
						 : Answer::Memory::cached};
	}

	constexpr Answer::Kind kinds[] = {Answer::Kind::other, Answer::Kind::translation,
					  Answer::Kind::access_flag, Answer::Kind::permission};
	const unsigned fst = par >> 1 & 63;
	const bool stage2 = par & vmsa::bit(9);

	return {.kind = stage2 && fst < 16 ? kinds[fst >> 2] : Answer::Kind::other,
		.level = static_cast<Level>(fst & 3)};
}

// PAR_EL1 has no bits below.
inline constexpr uint64_t ask_unit = 4096;

// `clean_is_writable`: how the CPU takes AT for a write to a leaf that hardware would make dirty. AT itself writes to
// no memory, so some say that the write will pass, and some that it does not yet: QEMU 7.2, and QEMU 11.1.
Answer expected(const Guest &guest, Ipa ipa, bool write, bool clean_is_writable = true)
{
	Space::Found found;

	if (!guest.space->translate(ipa, found))
		return {.kind = Answer::Kind::translation, .level = guest.space->at(ipa).level};

	const auto &attributes = found.attributes;
	const uint64_t vtcr = guest.space->tlb().registers().vtcr;
	// With VTCR_EL2.HA and HD hardware sets what it finds clear.
	const bool accessed = attributes.accessed || (vtcr & vmsa::bit(21));
	const bool writable = attributes.access.write ||
			      (attributes.dbm && clean_is_writable && (vtcr & vmsa::bit(22)));

	if (!accessed)
		return {.kind = Answer::Kind::access_flag, .level = found.level};
	if (!(write ? writable : attributes.access.read))
		return {.kind = Answer::Kind::permission, .level = found.level};
	return {.kind = Answer::Kind::memory,
		.pa = found.pa.align_down(ask_unit).raw(),
		.memory = vmsa::is_device(attributes.memory) ? Answer::Memory::device
			  : attributes.memory == vmsa::MemoryType::normal_nc
				  ? Answer::Memory::nc
				  : Answer::Memory::cached};
}

bool agrees(uint64_t par, const Guest &guest, Ipa ipa, bool write)
{
	const Answer mmu = decode(par);

	return mmu == expected(guest, ipa, write) || mmu == expected(guest, ipa, write, false);
}

void print_answer(seq_file *out, const Answer &answer)
{
	constexpr const char *faults[] = {"", "translation fault", "access flag fault",
					  "permission fault", "another fault"};
	constexpr const char *memories[] = {"device", "nc", "normal"};

	if (answer.kind == Answer::Kind::memory)
		kernel_print(out, "0x%lx, %s memory\n", answer.pa,
			     memories[static_cast<unsigned>(answer.memory)]);
	else
		kernel_print(out, "%s, level %d\n", faults[static_cast<unsigned>(answer.kind)],
			     answer.level);
}

// What came of it.
struct Report {
	uint64_t leaves;
	uint64_t holes;

	// The first difference.
	bool differs;
	bool write;
	Ipa ipa;
	uint64_t par;
};

class Verifier {
    public:
	Verifier(const Guest &guest, Report &report) : guest_{guest}, report_{report}
	{
	}

	// 0, or the errno.
	int run()
	{
		if (!asked_.allocate(1))
			return ENOMEM;

		const Ipa last = guest_.space->all().last;
		Ipa hole{};

		for (Ipa at{};;) {
			const auto entry = guest_.space->at(at);

			if (entry.is_leaf()) {
				if (hole < at)
					ask_hole({hole, at - hole});
				report_.leaves++;
				ask_ends(entry.region);
				hole = entry.region.last + 1;
			}
			if (error_ || report_.differs)
				return error_;
			if (entry.region.last >= last)
				break;
			at = guest_.space->after(entry);
		}
		if (hole <= last)
			ask_hole(vmsa::Region<Ipa>::inclusive(hole, last));
		flush();
		return error_;
	}

    private:
	struct Asked {
		Ipa ipas[engine::most_asked];
		uint64_t par[engine::most_asked];
	};

	void ask_hole(vmsa::Region<Ipa> hole)
	{
		report_.holes++;
		ask_ends(hole);
		if (hole.size() > 2 * page)
			ask(hole.first + hole.size() / 2);
	}

	// The first page, the last, and one in between.
	void ask_ends(vmsa::Region<Ipa> region)
	{
		ask(region.first);
		if (region.size() == page)
			return;
		ask(region.last);
		if (region.size() > 2 * page)
			ask(region.first + random() % region.size());
	}

	void ask(Ipa ipa)
	{
		if (count_ == engine::most_asked)
			flush();
		asked_[0].ipas[count_++] = ipa;
	}

	void flush()
	{
		for (const bool write : {false, true}) {
			if (!engine::ask(guest_.space->tlb().registers(), {asked_[0].ipas, count_},
					 write, asked_[0].par))
				error_ = EBUSY;
			for (size_t i = 0; i < count_ && !error_ && !report_.differs; i++)
				compare(asked_[0].ipas[i], write, asked_[0].par[i]);
		}
		count_ = 0;
		kernel_reschedule();
		if (!error_ && kernel_is_killed())
			error_ = EINTR;
	}

	// A leaf is mapped once, accessed once, and written once, while the guest is shared.
	static constexpr unsigned most_changes = 3;

	void compare(Ipa ipa, bool write, uint64_t par)
	{
		for (unsigned i = 0; !agrees(par, guest_, ipa, write); i++) {
			if (i > most_changes) {
				differ(ipa, write, par);
				return;
			}
			if (!engine::ask(guest_.space->tlb().registers(), {&ipa, 1}, write, &par)) {
				error_ = EBUSY;
				return;
			}
		}
	}

	void differ(Ipa ipa, bool write, uint64_t par)
	{
		report_.differs = true;
		report_.ipa = ipa;
		report_.write = write;
		report_.par = par;
	}

	// xorshift64
	uint64_t random()
	{
		seed_ ^= seed_ << 13;
		seed_ ^= seed_ >> 7;
		seed_ ^= seed_ << 17;
		return seed_;
	}

	const Guest &guest_;
	const uint64_t page = guest_.page();
	Report &report_;
	Array<Asked> asked_;
	size_t count_ = 0;
	int error_ = 0;
	uint64_t seed_ = kernel_time_us() | 1;
};

} // namespace

int take_verify(Guest &guest, const Request &request, void **taken)
{
	{
		const KillableGuard guard{guest.lock};

		if (const int error = check_turn(guard, guest, request))
			return error;
		if (const int error = guest_admit(guest, request))
			return error;
	}

	const KillableSharedGuard guard{guest.lock};

	if (const int error = check_turn(guard, guest, request))
		return error;
	*taken = kernel_alloc(sizeof(Report));
	if (!*taken)
		return request.refuse(ENOMEM, error_log::no_caret, "no memory for the report");

	switch (Verifier{guest, *static_cast<Report *>(*taken)}.run()) {
	case ENOMEM:
		return request.refuse(ENOMEM, error_log::no_caret,
				      "no memory for the questions to the MMU");
	case EBUSY:
		return request.refuse(EBUSY, error_log::no_caret, engine::not_ready);
	case EINTR:
		return refuse_killed(request);
	default:
		return 0;
	}
}

void show_verify(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Report &report = *static_cast<const Report *>(cursor->taken);

	cursor->done = true;
	if (!report.differs) {
		kernel_print(out, "checked %lu leaves, %lu holes: no difference\n", report.leaves,
			     report.holes);
		return;
	}
	kernel_print(out, "0x%lx %s: the MMU and translate() differ\n", report.ipa.raw(),
		     report.write ? "write" : "read");
	kernel_print(out, "  PAR_EL1 0x%016lx\n  the MMU      ", report.par);
	print_answer(out, decode(report.par));
	kernel_print(out, "  translate()  ");
	print_answer(out, expected(*guest, report.ipa, report.write));
	guest->space->steps(report.ipa, [&](Level level, size_t index, vmsa::Descriptor d) {
		kernel_print(out, "  level %d [0x%03zx] 0x%016lx ", level, index, d);
		print_descriptor(out, *guest->space, d, level);
	});
}

} // namespace stage2
