// SPDX-License-Identifier: GPL-2.0-only
//
// What can be read: each function prints one file of debugfs, or the next piece of it. The guest's
// lock is held around each; between pieces it is not, so a long dump holds nobody up.
#pragma once

#include "guest/guest.hpp"

namespace stage2
{

// An IPA is printed as wide as the widest of its guest.
inline int ipa_digits(const Guest &guest)
{
	return static_cast<int>((guest.space->geometry().input_bits + 3) / 4);
}

void show_features(Guest *, seq_file *out, stage2_cursor *cursor);
void show_config(Guest *guest, seq_file *out, stage2_cursor *cursor);
void show_maps(Guest *guest, seq_file *out, stage2_cursor *cursor);
void show_tables(Guest *guest, seq_file *out, stage2_cursor *cursor);
void show_tables_bin(Guest *guest, seq_file *out, stage2_cursor *cursor);
void show_walk(Guest *guest, seq_file *out, stage2_cursor *cursor);
// Asks; show_verify prints the answer. 0, or -error.
int take_verify(Guest &guest, const Request &request, void **taken);
void show_verify(Guest *guest, seq_file *out, stage2_cursor *cursor);
void show_demand(Guest *guest, seq_file *out, stage2_cursor *cursor);
// What a read of `dirty` or `accessed` has taken.
void show_ranges(Guest *guest, seq_file *out, stage2_cursor *cursor);
void show_stats(Guest *guest, seq_file *out, stage2_cursor *cursor);

} // namespace stage2
