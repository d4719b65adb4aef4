// SPDX-License-Identifier: GPL-2.0-only
//
// The commands, each in a file of its name or with its kin.
#pragma once

#include "s2ctl/command.hpp"

namespace s2ctl
{

extern const Command features_command; // guests.cpp
extern const Command list_command;
extern const Command create_command;
extern const Command remove_command;
extern const Command map_command; // map.cpp
extern const Command unmap_command;
extern const Command protect_command;
extern const Command fold_command;
extern const Command demand_command; // uses.cpp
extern const Command dirty_command;
extern const Command accessed_command;
extern const Command maps_command; // maps.cpp
extern const Command tables_command; // tables.cpp
extern const Command walk_command; // walk.cpp
extern const Command stats_command; // stats.cpp
extern const Command load_command; // load.cpp
extern const Command mem_command; // mem.cpp
extern const Command regs_command; // run.cpp
extern const Command run_command;
extern const Command verify_command;
extern const Command trace_command; // trace.cpp
extern const Command top_command; // top.cpp
extern const Command hist_command; // hist.cpp
extern const Command dump_command; // dump.cpp
extern const Command load_dump_command;
extern const Command render_command; // render.cpp
extern const Command decode_command; // decode.cpp
extern const Command geometry_command; // geometry.cpp
extern const Command completion_command; // help.cpp
extern const Command man_command;

// What load-dump shares with the commands of these names.
void show_maps(const Invocation &in, const std::string &source, bool full);
void show_tables(const Invocation &in, const std::string &source);
void show_stats(const Invocation &in, const std::string &source);
void show_walk(const Invocation &in, const std::string &source,
	       const std::vector<std::string> &ipas);
void show_nested_walk(const Invocation &in); // walk_nested.cpp

} // namespace s2ctl
