# SPDX-License-Identifier: GPL-2.0-only
#
# error_log itself: how many errors it keeps, and how it shows lines that are not fit to print.
. /lib.sh

it 'keeps the last 32 errors'
count=0
while [ $count -lt 40 ]; do
	write remove name=guest-$count
	count=$((count + 1))
done
same 32 "$(grep -c 'remove: there is no guest of that name' error_log)"
same "${margin}name=guest-8" "$(sed -n 2p error_log)"
same "${margin}name=guest-39" "$(tail -n 2 error_log | head -n 1)"

it 'shows a dot for what cannot be printed'
{ printf 'n\001m\033\177e\n\tx=\200' >remove; } 2>/dev/null
same "${margin}n.m..e..x=." "$(tail -n 2 error_log | head -n 1)"

it 'shows the part of a long line that has the caret in it'
spaces=$(printf '%200s' '')
{ echo "$spaces nonsense=1 $spaces" >remove; } 2>/dev/null
tail -n 2 error_log >/tmp/log
{ IFS= read -r line; IFS= read -r caret; } </tmp/log
like '*nonsense=1*' "$line"
[ ${#line} -le 171 ] || problem "the line has ${#line} characters"
before=${line%%nonsense*}
same $((${#before} + 1)) ${#caret}

it 'points at the end of a long line too'
{ echo "$spaces$spaces" >remove; } 2>/dev/null
tail -n 2 error_log >/tmp/log
{ IFS= read -r line; IFS= read -r caret; } </tmp/log
same $((${#line} + 1)) ${#caret}

it 'stamps each error with the time since boot, as the log of the kernel'
write remove name=nobody
read -r uptime _ </proc/uptime
logged_at=$(tail -n 3 error_log | sed -n 's/^\[ *\([0-9]*\)\.[0-9]*\].*/\1/p')
[ $((${uptime%.*} - logged_at)) -le 2 ] || problem "logged at $logged_at, now it is $uptime"
