# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl walk: what it says of an access is what the MMU does with it; and it walks in two dimensions. s2ctl mem.
. /lib.sh
needs engine

# ldr x3, [x2]; str x3, [x2]; br x2
load_it=0xf9400043 store_it=0xf9000043 go_there=0xd61f0040

it 'says what the MMU says of a read, a write and a fetch, with each permission'
guest ram=1M
accepted map 'ipa=2G size=4k prot=rwx'
accepted map 'ipa=0x90000000 size=4k'
# shellcheck disable=SC2086 # they are words
code 0x90000000 $end
for prot in none r w rw rx rwx; do
	accepted protect "ipa=0x90000000 size=4k prot=$prot"
	for access in read write exec; do
		case $access in
		read) instruction=$load_it ;;
		write) instruction=$store_it ;;
		exec) instruction=$go_there ;;
		esac
		# shellcheck disable=SC2086 # they are words
		code 0x80000000 $instruction $end
		# Stored is what was there: code.
		accepted regs "pc=2G x2=0x90000000 x3=$(s2ctl mem demo 0x90000000 8 --unit 8 | sed 's/.*  /0x/')"
		accepted run ''
		read_exit 0
		said=$(s2ctl walk demo 0x90000000 --$access | tail -n 1)
		case $reason in
		end) same "$access at EL1 passes" "$said" ;;
		*)
			same stage2-permission "$reason"
			like "$access at EL1 is refused: permission fault, stage 2, level 3; *" "$said"
			;;
		esac
	done
done

it 'says which bit it is'
accepted protect 'ipa=0x90000000 size=4k prot=r'
same 'write at EL1 is refused: permission fault, stage 2, level 3; S2AP[1] (bit 7) is 0: nobody may write' \
	"$(s2ctl walk demo 0x90000000 --write | tail -n 1)"
same 'exec at EL0 is refused: permission fault, stage 2, level 3; XN (bits 54:53) is 0b10: nobody may execute' \
	"$(s2ctl walk demo 0x90000000 --exec --el0 | tail -n 1)"
same 'read at EL1 is refused: translation fault, stage 2, level 3' \
	"$(s2ctl walk demo 0x90001000 --read | tail -n 1)"

it 'walks the tables of a guest through its own, each load a line'
guest ram=16M
accepted map 'ipa=2G size=4M prot=rwx'
same "s2ctl: the MMU of vcpu 0 is off (SCTLR_EL1.M is 0): its addresses are IPAs; leave out --va" \
	"$(s2ctl walk demo 2G --va 2>&1)"
load mmu
runs end 'status 0'
s2ctl walk demo 0x80000123 --va --exec >/tmp/walk
accepted walk 0x80000123
same "VA 0x80000123 -> IPA 0x80000123 -> PA $(sed -n 's/^0x80000123 -> //p' $demo/walk), 8 loads
exec at EL1 passes" "$(tail -n 2 /tmp/walk)"
same '1 1 2 2 2 2 2 2' "$(echo $(sed -n 's/^ *[0-9]*  stage \([12]\) .*/\1/p' /tmp/walk | sort))"
# The root that it printed is the one the walk begins at.
like "VA 0x80000123: TTBR0_EL1, 39-bit addresses, 4K granule, from level 1, root at IPA 0x800*000" "$(head -n 1 /tmp/walk)"
same 'VA 0x4000000000 -> translation fault, stage 1, level 1; nothing is mapped there' \
	"$(s2ctl walk demo 0x4000000000 --va | tail -n 1)"
like 'write at EL0 is refused: permission fault, stage 1, level 2; AP\[1\] (bit 6) is 0: not for EL0' \
	"$(s2ctl walk demo 0x80000123 --va --write --el0 | tail -n 1)"
accepted protect 'ipa=2G size=4K prot=rx'
like 'write at EL1 is refused: permission fault, stage 2, level 3; *' \
	"$(s2ctl walk demo 0x80000123 --va --write | tail -n 1)"
# Stage 2 has lost the root of stage 1.
root=$(sed -n '1s/.* root at IPA //p' /tmp/walk)
accepted unmap "ipa=$root size=4K"
like '* on the walk of stage 1; nothing is mapped there' "$(s2ctl walk demo 0x80000123 --va | tail -n 1)"

it 'shows memory and writes it, all of it or nothing'
guest ram=1M
accepted map 'ipa=0x80000000 size=8k max=4k'
s2ctl mem demo 0x80000ffc --unit 4 --write 0x64636261 0x68676665
same 'abcdefgh' "$(dd if=$demo/mem bs=4 skip=$((0x80000ffc / 4)) count=2 2>/dev/null)"
same '0080000ffc  61 62 63 64 65 66 67 68                           |abcdefgh|' "$(s2ctl mem demo 0x80000ffc 8)"
s2ctl mem demo 0x80001ffe --unit 4 --write 0xffffffff 2>/tmp/said
same '1 s2ctl: 0x80002000 is not mapped: nothing was written' "$? $(cat /tmp/said)"
same '0080001ffe  0000' "$(s2ctl mem demo 0x80001ffe 2 --unit 2)"
head -c 8192 /bin/busybox >/tmp/bytes
s2ctl mem demo 2G --from /tmp/bytes
s2ctl mem demo 2G 8K -o - | cmp - /tmp/bytes || problem 'it reads what it did not write'
