# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl and guests that run: load, regs, run, verify.
. /lib.sh
needs engine

it 'loads a program and runs it, and says why it left'
# mov x1, #7
program ram=64k 0xd28000e1 $end
dd if=$demo/mem of=/tmp/program bs=16 skip=$((0x8000000)) count=1 2>/dev/null
guest ram=1M
same '' "$(s2ctl map demo 2G 64K --prot rwx 2>&1)"
same '16B loaded, entry 0x80000000, where vcpu 0 will start' "$(s2ctl load demo /tmp/program)"
s2ctl run demo >/tmp/out
same 0 $?
cmp /tmp/out $demo/run || problem 'it says something else than run'
same 'reason       end
detail       status 7' "$(sed -n '2,3p' /tmp/out)"
s2ctl load demo /tmp/program --keep-pc >/dev/null
same 0x0000000080000010 "$(register pc)"

it 'shows registers, and sets them'
same '' "$(s2ctl regs demo pc=2G x9=0x1234 2>&1)"
s2ctl regs demo >/tmp/regs
tr -s ' ' </tmp/regs | cmp - $demo/regs || problem 'it shows something else than regs'
same 0x "$(sed 1d /tmp/regs | cut -c 16-17 | sort -u)"
like '*"x9": "0x0000000000001234"*' "$(s2ctl regs demo --vcpu 0 --json)"
same 's2ctl: no run or registers of vcpu 5' "$(s2ctl regs demo --vcpu 5 2>&1)"
like 's2ctl: guests/demo/regs: pc must be a multiple of 4
           vcpu=0 pc=2
                     ^' "$(s2ctl regs demo --vcpu 0 pc=2 2>&1)"
like "s2ctl: 'pc' has no value; write pc=0x1" "$(s2ctl regs demo pc 2>&1)"

it 'gives the exit in JSON, the output line by line'
program ram=64k $print $end
printf '  one\n\n"two"' | dd of=$demo/mem bs=4096 seek=$((0x80001)) conv=notrunc 2>/dev/null
accepted regs 'x1=0x80001000 x2=12'
same '    "output": [
      "  one",
      "",
      "\"two\""
    ]
  }
]' "$(s2ctl run demo --json | tail -n 7)"

it 'says why a run is refused, and runs to a budget'
guest ram=64k vcpus=2
like 's2ctl: guests/demo/run: *(write pc=... to regs)*' "$(s2ctl run demo --vcpu 1 2>&1)"
program ram=64k $forever
like '*reason       step-budget*instructions 100' "$(s2ctl run demo --instructions 100)"
like '*reason       time-budget*' "$(s2ctl run demo --ms 20)"
like 's2ctl: guests/demo/run: *
           vcpu=0 ms=0
                     ^' "$(s2ctl run demo --ms 0 2>&1)"

it 'ends a guest that does not, at SIGINT, and says where it was'
program ram=64k $forever
s2ctl run demo >/tmp/out 2>/tmp/err &
pid=$!
is_running # so s2ctl has its handler: before, SIGINT would do nothing
kill -INT $pid
wait $pid
# The shell lets what it starts in the background ignore SIGINT.
if [ $? = 130 ]; then
	like '*reason       signal*pc           0x0000000080000000*' "$(cat /tmp/out)"
	same 's2ctl: interrupted: guests/demo/run' "$(cat /tmp/err)"
else
	problem "it did not end by SIGINT: $(cat /tmp/out /tmp/err)"
fi

it 'asks the MMU, and ends with 0 when it agrees'
program ram=64k $forever
same 'checked 16 leaves, 2 holes: no difference' "$(s2ctl verify demo)"
s2ctl verify demo --json >/tmp/out
same 0 $?
same '{
  "leaves": 16,
  "holes": 2,
  "same": true
}' "$(cat /tmp/out)"

it 'asks about several guests, all of them or none'
s2ctl create other --ram 64K
s2ctl map other 0 64K --max 4k
same 'demo: checked 16 leaves, 2 holes: no difference
other: checked 16 leaves, 2 holes: no difference' "$(s2ctl verify demo other | sed 's/ [0-9]* holes/ 2 holes/')"
same '[demo] [other]' "$(echo $(s2ctl verify demo other --json | sed -n 's/.*"guest": "\(.*\)",/[\1]/p'))"
like "s2ctl: there is no guest 'nobody'*" "$(s2ctl verify demo nobody 2>&1)"
s2ctl remove other

it 'gives JSON that nobody has to take apart: no value is a sentence'
for command in features list 'stats demo' 'regs demo' 'run demo --ms 5' 'verify demo' 'maps demo --full' 'tables demo' \
	'demand demo'; do
	# shellcheck disable=SC2086 # words
	s2ctl $command --json >/tmp/out || problem "$command: $(cat /tmp/out)"
	same '' "$(grep -E '": "[^"]* ' /tmp/out)"
done
