# SPDX-License-Identifier: GPL-2.0-only
#
# results.sh LOG: tells LAVA what the tests came to, by `lava-test-case` (or by $LAVA_TEST_CASE). What on_board says
# at its end is a result, too: without it, something did not come to an end.

while IFS= read -r line; do
	case $line in
	'# Subtest: '*) file=${line#*: } && continue ;;
	'    ok '*'# SKIP'*) result=skip ;;
	'    ok '*) result=pass ;;
	'    not ok '*) result=fail ;;
	*) continue ;;
	esac
	# In a name of LAVA's there are no blanks, and little else.
	title=$(echo "${line#*ok }" | sed 's/ # SKIP.*//; s/[^A-Za-z0-9_.-]\{1,\}/_/g')
	${LAVA_TEST_CASE:-lava-test-case} "$file.$title" --result $result
done <"$1"
case $(tail -n 1 "$1") in
'stage2-exit: 0') result=pass ;;
*) result=fail ;;
esac
${LAVA_TEST_CASE:-lava-test-case} suite --result $result
