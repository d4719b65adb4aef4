# SPDX-License-Identifier: GPL-2.0-only
#
# The demonstration, as in `make shell`: beside a guest of the user's, twice.
. /lib.sh

plays() {
	sh /root/demo >/tmp/demo 2>&1 || problem "it ends with $?: $(tail -n 3 /tmp/demo)"
	! grep '^@' /tmp/demo || problem 'it prints what is not for people'
	same mine "$(ls guests)"
	same "$before" "$(cat guests/mine/tables)"
}

it 'leaves a guest that was there before as it was, and none of its own'
echo 'name=mine ram=4M' >create
echo 'ipa=0x80000000 size=2M prot=rwx' >guests/mine/map
before=$(cat guests/mine/tables)
plays

it 'can be run again'
plays

it 'leaves a guest alone that has the name of its own'
guest ram=4M
like "demo: there is a guest 'demo' already*" "$(sh /root/demo)"
[ -d $demo ] || problem 'the guest is gone'
