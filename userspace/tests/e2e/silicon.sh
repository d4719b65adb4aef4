# SPDX-License-Identifier: GPL-2.0-only
#
# What features says of this CPU's faults, against what the kernel says, and the CPU's own number.
. /lib.sh

feature() {
	sed -n "s/^$1 *//p" features
}

it 'says of speculation what the kernel says'
history=$(feature branch_history) targets=$(feature branch_targets)
said=$(cat /sys/devices/system/cpu/vulnerabilities/spectre_v2)
case $said in
'Not affected' | 'Mitigation: CSV2') same 'not affected, not affected' "$history, $targets" ;;
*'but not BHB'*) same 'not mitigated' "$history" ;;
*', BHB')
	like '[bl]*' "$history"
	[ "$said" != 'Mitigation: CSV2, BHB' ] || same 'not affected' "$targets"
	;;
'Mitigation: Branch predictor hardening') same 'by firmware' "$targets" ;;
Vulnerable) like '*not mitigated*' "$history, $targets" ;;
Vulnerable:*) ;; # by what unprivileged programs may do, which is no matter here
*) problem "the kernel says '$said'" ;;
esac

it 'knows the errata of each CPU'
wanted=''
for midr in $(sort -u /sys/devices/system/cpu/cpu*/regs/identification/midr_el1); do
	case $midr in
	*41[0-9a-f]fd05[0-9a-f]) wanted="$wanted,Cortex-A55:1024718" ;;
	*51df805e) wanted="$wanted,Kryo4xx-Silver:1024718" ;;
	*410fd46[012]) wanted="$wanted,Cortex-A510:2051678" ;;
	*c0[0-9a-f]fac3[0-9a-f]) wanted="$wanted,AmpereOne:AC03_CPU_38" ;;
	*c0[0-9a-f]fac4[0-9a-f]) wanted="$wanted,AmpereOne:AC04_CPU_10,AmpereOne:AC04_CPU_23" ;;
	esac
done
wanted=${wanted#,}
same "${wanted:-none}" "$(feature errata)"
case $wanted in
*1024718* | *2051678* | *AC03* | *AC04*) same 'by faults' "$(feature dirty_state)" ;;
esac
