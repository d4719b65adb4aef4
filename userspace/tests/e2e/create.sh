# SPDX-License-Identifier: GPL-2.0-only
#
# create: names, sizes, and the shape of the tree that follows from ipa_bits.
. /lib.sh

pa_bits=$(sed -n 's/^pa_bits *//p' features)

# The line of demo's config that begins with $1.
config() {
	sed -n "s/^$1 *//p" $demo/config
}

nobody_was_killed() {
	same 0 "$(dmesg | grep -ci 'out of memory\|oom-kill\|allocation failure')"
}

it 'makes a guest of 40 IPA bits and 64M when only a name is given'
guest
same 40 "$(config ipa_bits)"
same 64M "$(config ram)"

it 'picks the start level and the concatenated tables for every size of IPA space'
while read -r bits level tables; do
	if [ "$bits" -gt "$pa_bits" ]; then
		refused create "name=other ipa_bits=^$bits" ERANGE "so ipa_bits must be 32..$pa_bits"
		continue
	fi
	guest ipa_bits="$bits" ram=64k
	while read -r key value; do
		case $key in
		start) like "level $level, $tables *table*" "$value" ;;
		vttbr_el2) same 0 $((value & (tables * 4096 - 1))) ;;
		esac
	done <$demo/config
	# Header, one record, and the descriptors that the root's bits select.
	same $((40 + 24 + (8 << (bits - 12 - 9 * (3 - level))))) "$(wc -c <$demo/tables.bin)"
done <<EOF
32 2 4
33 2 8
34 2 16
35 1 1
36 1 1
37 1 1
38 1 1
39 1 1
40 1 2
41 1 4
42 1 8
43 1 16
44 0 1
45 0 1
46 0 1
47 0 1
48 0 1
EOF

it 'refuses fewer than 32 IPA bits, and more than the CPU has'
remove_guests
most=$pa_bits
[ "$most" -le 48 ] || grep -q '^lpa2 *yes' features || most=48
for bits in 31 0 $((most + 1)) 0x100000028; do
	refused create "name=demo ipa_bits=^$bits" ERANGE "ipa_bits must be 32..$most"
done

it 'takes letters, digits, dots, dashes and underlines for a name'
for name in a Z9 a.b-c_d -dash 0 create ...........................; do
	case $name in
	.*) refused create "name=^$name" EINVAL 'cannot begin with a dot' ;;
	*)
		accepted create "name=$name ram=64k"
		[ -e "guests/$name/map" ] || problem "there is no guests/$name"
		;;
	esac
done

it 'takes a name of 31 characters, and refuses one of 32'
name=a123456789b123456789c123456789d
accepted create "name=$name ram=64k"
[ -e guests/$name/map ] || problem "there is no guests/$name"
refused create "name=^${name}1 ram=64k" ENAMETOOLONG 'longer than 31 characters'

it 'refuses a name that would lead out of its folder'
refused create 'name=^..' EINVAL 'cannot begin with a dot'
refused create 'name=^.' EINVAL 'cannot begin with a dot'
refused create 'name=a^/b' EINVAL "letters, digits, '_', '-' and '.'"
refused create 'name=^/' EINVAL "letters, digits, '_', '-' and '.'"

it 'refuses an empty name, a missing name, and odd characters in one'
refused create 'name=^' EINVAL 'the name is empty'
refused create 'name=^ ram=64k' EINVAL 'the name is empty'
refused create 'ram=64k^' EINVAL 'name=... is missing'
refused create 'name=d^%s' EINVAL 'a name may have letters'
refused create 'name=demo^=' EINVAL 'a name may have letters'

it 'refuses a name that is taken'
guest ram=64k
refused create 'name=^demo ram=64k' EEXIST 'a guest of that name exists already'

it 'refuses RAM that is not whole pages'
refused create 'name=other ram=^0' EINVAL 'ram must be a multiple of'
refused create 'name=other ram=^4095' EINVAL 'ram must be a multiple of'

it 'refuses more RAM than the machine has, and nobody is killed for it'
refused create 'name=other ram=^2G' ENOMEM '2G asked for'
refused create 'name=other ram=^16777215T' ENOMEM 'asked for'
refused create 'name=other ram=^0xffffffffffff0000' ENOMEM 'asked for'
nobody_was_killed

it 'gives RAM to guests until little is left, and the machine goes on'
count=0
for ram in 64M 8M 1M; do
	said=''
	while [ ! "$said" ]; do
		count=$((count + 1))
		write create "name=many$count ram=$ram"
	done
done
like '*: Cannot allocate memory' "$said"
[ $count -gt 5 ] || problem "already $count is refused"
# What only movable pages can use (CMA) is of no use to a machine that forks.
awk '/^(MemTotal|MemFree|CmaFree):/ { has[$1] = $2 }
	END { exit (has["MemFree:"] - has["CmaFree:"]) * 32 < has["MemTotal:"] }' /proc/meminfo ||
	problem "$(grep -E '^(Mem|Cma)' /proc/meminfo)"
nobody_was_killed
remove_guests

it 'refuses a limit of tables that the root alone exceeds'
guest ram=64k
refused create 'name=other tables=^0' ENOMEM 'tables=0 is too few: the root takes 2'
refused create 'name=other tables=^1' ENOMEM 'tables=1 is too few: the root takes 2'
refused create 'name=other tables=^0x10000001' ERANGE 'tables must be at most 2^28, which is a TiB'

it 'removes a guest, and refuses to remove it twice'
accepted remove name=demo
[ ! -e $demo ] || problem 'its folder is still there'
refused remove 'name=^demo' ENOENT 'there is no guest of that name'
refused remove 'name=^' ENOENT 'there is no guest of that name'
refused remove '^' EINVAL 'name=... is missing'
refused remove '^ram=64k' EINVAL 'unknown word (known: name)'
