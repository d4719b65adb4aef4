# SPDX-License-Identifier: GPL-2.0-only
#
# walk: each step of one translation.
. /lib.sh

guest ram=8M
accepted map 'ipa=0x40200000 size=2M prot=rx'
accepted map 'ipa=0x40001000 size=4k prot=r'

# Walks $1; the steps must match the patterns that follow, a line each.
walks() {
	accepted walk "$1"
	cat $demo/walk >/tmp/walk
	same $(($# - 1)) "$(grep -c . /tmp/walk)"
	shift
	while IFS= read -r line; do
		like "$1" "$line"
		shift
	done </tmp/walk
}

it 'asks for an IPA before it has one'
same 'write an IPA first' "$(cat $demo/walk)"

it 'ends in a block'
walks 0x40234567 'level 1 [[]0x001] 0x*3 table -> 0x*000' \
	'level 2 [[]0x001] 0x*d block 2M -> 0x*00000 r-x normal inner-shareable accessed' \
	'0x40234567 -> 0x*34567'

it 'ends in a page'
walks 0x40001abc 'level 1 [[]0x001] 0x*3 table -> 0x*000' \
	'level 2 [[]0x000] 0x*3 table -> 0x*000' \
	'level 3 [[]0x001] 0x*f page 4K -> 0x*000 r-- normal inner-shareable accessed' \
	'0x40001abc -> 0x*abc'

it 'ends in a fault, at the level that has nothing'
walks 0x80000000 'level 1 [[]0x002] 0x0000000000000000 invalid' \
	'0x80000000 -> translation fault, level 1'
walks 0x40400000 'level 1 [[]0x001] 0x*3 table -> 0x*000' \
	'level 2 [[]0x002] 0x0000000000000000 invalid' \
	'0x40400000 -> translation fault, level 2'
walks 0x40002000 'level 1*' 'level 2*' 'level 3 [[]0x002] 0x0000000000000000 invalid' \
	'0x40002000 -> translation fault, level 3'

it 'takes the second of two concatenated tables for the upper half'
walks 0xffffffffff 'level 1 [[]0x3ff] 0x0000000000000000 invalid' \
	'0xffffffffff -> translation fault, level 1'

it 'refuses an IPA beyond the space, and goes on with the last one'
refused walk '^0x10000000000' ERANGE 'beyond the IPA space, which ends at 0xffffffffff'
refused walk '^junk' EINVAL 'not a number'
like '*0xffffffffff -> *' "$(cat $demo/walk)"

it 'sees what happened since'
accepted walk 0x40234567
accepted unmap 'ipa=0x40234000 size=4k'
like '*0x40234567 -> translation fault, level 3' "$(cat $demo/walk)"
