#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: [CRATE=FOLDER [CRATES=FOLDER]] scripts/bench-host.sh
#
# What the library's operations cost on this host, in instructions per descriptor (or
# per call), counted by callgrind. Prints a table with the bound of each and the limit it must keep: what
# Documentation/costs.rst says, and 2 % more. Writes build/bench/host.json. Fails when a limit is passed.
#
# CRATE is where the sources of the Rust crate aarch64-paging are: then cargo builds it, and it does the same in the
# same run (kunit/bench/crate.rs). What it needs itself cargo gets as it always does, or from CRATES, a folder of
# crates' sources.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

out=build/bench
mkdir -p "$out"
rm -f "$out"/callgrind.*

# build_crate: prints the library.
build_crate() {
	local crate options=()

	[[ -f $CRATE/Cargo.toml ]] || die "CRATE is the folder of a crate's sources, and '$CRATE' has no Cargo.toml"
	command -v cargo >/dev/null || die "CRATE is set, and there is no cargo to build it with"
	crate=$(realpath "$CRATE")
	if [[ ${CRATES-} ]]; then
		[[ -d $CRATES ]] || die "CRATES is a folder of crates' sources, and '$CRATES' is none"
		options=(--offline --config 'source.crates-io.replace-with="folder"'
			--config "source.folder.directory=\"$(realpath "$CRATES")\"")
	fi
	mkdir -p "$out/crate"
	cat >"$out/crate/Cargo.toml" <<-end
		[package]
		name = "bench-crate"
		version = "0.0.0"
		edition = "2024"
		[lib]
		path = "$top/kunit/bench/crate.rs"
		crate-type = ["staticlib"]
		[dependencies]
		aarch64-paging = { path = "$crate" }
		[profile.release]
		panic = "abort"
		lto = "fat"
		codegen-units = 1
		[workspace]
	end
	cargo build --quiet --release --manifest-path "$out/crate/Cargo.toml" --target-dir "$out/crate/target" "${options[@]}" >&2 ||
		die "the crate does not build, see above (CRATES is where it finds what it needs)"
	echo "$out/crate/target/release/libbench_crate.a"
}

with=()
if [[ ${CRATE-} ]]; then
	say "building the crate in $CRATE"
	with=(-DWITH_CRATE "$(build_crate)")
fi
g++ -std=c++20 -O3 -Wall -Wextra -Werror -Iinclude kunit/bench/host.cpp "${with[@]}" -o "$out/host"
say "counting, about ten seconds"
valgrind --tool=callgrind --collect-atstart=no --callgrind-out-file="$out/callgrind.out" \
	"$out/host" 2>"$out/valgrind.log" || { cat "$out/valgrind.log" >&2; die "the benchmark failed"; }

# Each dump names itself in its trigger, with the number to divide by.
{
	# The table of the page: a name between double backquotes, and behind what it is the count.
	sed -nE 's/^``([a-z0-9_]+)`` .* {2,}([0-9.,]+) +([0-9.,]+|-) .*/limit \1 \2/p' Documentation/costs.rst | tr -d ,
	grep -h -E '^(desc: Trigger: Client Request: |summary: |totals: )' "$out"/callgrind.out.*
} |
	awk -v json="$out/host.json" -v with_crate="${CRATE:+1}" '
	$1 == "limit" { limit[$2] = $3 * 1.02; next }
	/^desc: Trigger/ {
		name = $5; count = $NF; whose = "ours"
		if (name == "bound" || name == "crate") { whose = name; name = $6 }
		next
	}
	/^(summary|totals):/ && count {
		if (whose == "bound") bounds[name] = $2 / count
		else if (whose == "crate") crate[name] = $2 / count
		else { ours[name] = $2 / count; order[++n] = name }
		count = 0
	}
	END {
		printf "#    %-14s %10s %10s %10s   %s\n", "operation", "ours", "bound", "limit", "aarch64-paging"
		printf "{" > json
		for (i = 1; i <= n; i++) {
			o = order[i]
			over = !(o in limit) || ours[o] > limit[o]
			failed += over
			its = !with_crate ? "not measured here" : o in crate ? sprintf("%.2f", crate[o]) : "-"
			printf "%s %d %-14s %10.2f %10.2f %10.2f   %s\n", (over ? "not ok" : "ok"), i, o, ours[o],
				bounds[o], limit[o], its
			printf "%s\"%s\": {\"ours\": %.2f, \"bound\": %.2f", (i > 1 ? ", " : ""), o, ours[o], bounds[o] > json
			if (o in crate) printf ", \"crate\": %.2f", crate[o] > json
			printf "}" > json
		}
		print "}" > json
		printf "%d passed, %d failed, 0 skipped\n", n - failed, failed
		exit failed || n != 20
	}'
