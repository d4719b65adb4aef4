#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# check-render.py OUT: opens the pages that `s2ctl render` makes, and uses them as a person would: looks,
# clicks, keys, the wheel; in light and in dark. Screenshots are for people, in OUT.
#
# No page may ask the network for anything, or complain on the console.

import json
import random
import subprocess
import sys
from pathlib import Path

import render_columns
from browser import contrast, start_browser
from render_dumps import write_dumps
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

S2CTL = "build/s2ctl/host/s2ctl"
DEMO = Path("userspace/tests/unit/demo.tables.bin")

out = Path(sys.argv[1])
passed = failed = 0


def check(test):
    """Runs a test, and says how it went."""
    global passed, failed
    name = test.__doc__
    try:
        test()
    except Exception as error:  # whatever goes wrong fails this check, and no other
        failed += 1
        print(f"not ok {passed + failed} {name}")
        for line in str(error).splitlines()[:20]:
            print("#", line)
    else:
        passed += 1
        print(f"ok {passed + failed} {name}")
    sys.stdout.flush()


def same(got, wanted):
    assert got == wanted, f"{got!r} instead of {wanted!r}"


def s2ctl(*words):
    return subprocess.run([S2CTL, *map(str, words)], check=True, capture_output=True).stdout


def in_scheme(scheme):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                            {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def load(page):
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(f"file://{page.resolve()}")


def js(code, *arguments):
    return browser.execute_script(code, *arguments)


def find(selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def text(selector):
    return find(selector).text


def keys(*all_keys):
    ActionChains(browser).send_keys(*all_keys).perform()


def shot(name):
    browser.save_screenshot(str(out / f"{name}.png"))


def requests():
    """Addresses that the page asked for, itself aside."""
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"
            and not m["params"]["request"]["url"].startswith(("data:", "file:"))]


def quiet():
    same(browser.get_log("browser"), [])
    same(requests(), [])


def view():
    return js("return [strip.from, strip.to]")


def rows():
    return [row.text for row in browser.find_elements(By.CSS_SELECTOR, "#tree tbody tr")]


def at_strip(address, lane=0):
    """Where an address is drawn, from the middle of the strip."""
    return js("const b = strip.canvas; return [Math.floor(strip.x(strip.place(arguments[0]))) + 1 - Math.round(b.clientWidth / 2),"
              "strip.laneTop + strip.gap + arguments[1] * (LANE + strip.gap) + LANE - 8 - Math.round(b.clientHeight / 2)]",
              address, lane)


def click_strip(address, lane=0):
    ActionChains(browser).move_to_element_with_offset(find("#strip"), *at_strip(address, lane)).click().perform()


def loads():
    """the page opens, quietly, and asks nobody for anything"""
    load(out / "demo.html")
    quiet()
    same(text("h1"), "demo.tables.bin")
    assert "40-bit IPA, 4K granule" in text("#facts"), text("#facts")
    same(js("return document.querySelectorAll('#tree tbody tr').length"), 9)


def opens_soon(name):
    def test():
        size = (out / f"{name}.html").stat().st_size
        assert size < 5_000_000, f"{size} bytes"
        load(out / f"{name}.html")
        quiet()
        took = js("const n = performance.getEntriesByType('navigation')[0]; return n.loadEventEnd")
        print(f"# {size} bytes, {took:.0f} ms")
        assert js("return models[0].leaves.length") >= 1_000_000
        js("strip.zoom(1000)")
        click_strip(js("return strip.range()[0] + 4096"))
        assert "page at level 3" in text("#descriptor"), text("#descriptor")
    test.__doc__ = f"a page of 1,000,000 leaves is less than 5 MB, and opens: {name}"
    return test


def shows_the_tree():
    """the tables are a tree, and say what they hold"""
    load(out / "demo.html")
    assert rows()[0].startswith("▾root 0000000000-ffffffffff 2 tables, level 1"), rows()[0]
    assert any("block 2M 0x42200000 rw- normal inner-shareable accessed" in row for row in rows()), rows()
    row = find("#tree tbody tr:nth-child(2)")
    same([row.get_attribute(a) for a in ("role", "aria-level", "aria-expanded", "aria-setsize", "aria-posinset")],
         ["row", "2", "true", "3", "1"])


def click_decodes():
    """a click on a row decodes its descriptor, as s2ctl decode does"""
    load(out / "demo.html")
    [row] = [r for r in browser.find_elements(By.CSS_SELECTOR, "#tree tbody tr") if "block 2M" in r.text]
    row.click()
    descriptor = text("#descriptor strong")
    wanted = json.loads(s2ctl("decode", "descriptor", descriptor, "--level", 2, "--json"))[0]
    shown = {r.find_elements(By.TAG_NAME, "td")[1].text: r.find_elements(By.TAG_NAME, "td")[3].text
             for r in browser.find_elements(By.CSS_SELECTOR, "#fields tbody tr")}
    for field in wanted["fields"]:
        if field["name"] not in ("IGNORED", "RES0"):
            same(shown.get(field["name"]), field.get("meaning", ""))
    same(shown["S2AP"], "read and write")
    above = "[...document.querySelectorAll('#bits span')].map((e) => getComputedStyle(e, '::before').content).join()"
    same(js(f"return {above}"), ",".join(f'"{bit}"' for bit in range(63, -1, -1)))
    same(row.get_attribute("aria-selected"), "true")


def decodes_all(name, level, *words_of_format):
    def test():
        random.seed(level)
        values = [random.getrandbits(64) & ~3 | i % 4 for i in range(64)]
        words = [f"0x{v:016x}" for v in values]
        wanted = json.loads(s2ctl("decode", "descriptor", *words, "--level", level, *words_of_format, "--json"))
        load(out / f"{name}.html")
        got = js("""return arguments[0].map((text) => {
            const d = BigInt(text), m = models[0], level = arguments[1];
            const t = !(d & 1n) ? 'annotation' : level < 3 ? (d & 2n ? 'table' : 'block') : d & 2n ? 'page' : 'reserved';
            const type = m.kinds.has(level + t) ? t : 'reserved';
            return m.decode(level, type, d).map((f) => [f.high, f.low, f.name, f.wrong ? '' : f.means]);
        })""", words, level)
        for descriptor, fields in zip(wanted, got):
            named = [[f["high"], f["low"], f["name"], f.get("meaning", "")] for f in descriptor["fields"]]
            same(fields, named)
    test.__doc__ = f"descriptors of level {level} are taken apart as s2ctl decode does: {name}"
    return test


def holds_every_descriptor(name, dump):
    def test():
        load(out / f"{name}.html")
        quiet()
        got = js("""const m = models[0], all = {};
            for (let r = m.tables.at(-1).from; r < m.tables.at(-1).to; r++)
                for (let n = 0; n < m.runs.count[r]; n++) all[m.runs.index[r] + n] = '0x' + hex(m.descriptor(r, n), 16);
            for (let n = 0; n < 3; n++) tree.toggle([...tree.body.children].at(-1));
            tree.focus([...tree.body.children].at(-1));
            return all;""")
        last = dump.read_bytes()[-4096:]
        values = [int.from_bytes(last[i:i + 8], "little") for i in range(0, 4096, 8)]
        same(got, {str(i): f"0x{v:016x}" for i, v in enumerate(values) if v})
        quiet()
    test.__doc__ = f"every descriptor of the last table is in the page: {name}"
    return test


def strip_and_tree_agree():
    """a click in the strip chooses the row that maps the place"""
    load(out / "demo.html")
    click_strip(0x80100000)
    same(js("return document.activeElement.id"), "strip")
    row = find("#tree tr[aria-selected=true]").text
    assert "0080100000-0080100fff page 4K" in row and "r--" in row, row
    assert "0080100000" in text("#here") and "r-- normal" in text("#here"), text("#here")
    # The third of 255 pages.
    js("strip.show(strip.place(0x80101000), strip.place(0x80105000))")
    click_strip(0x80103000)
    assert "3 of 255" in text("#descriptor"), text("#descriptor")
    assert "0080103000-0080103fff" in text("#descriptor"), text("#descriptor")
    find("button[aria-label='next descriptor']").click()
    assert "0080104000-0080104fff" in text("#descriptor"), text("#descriptor")


def hover_tells():
    """hovering says what is where, and what is not"""
    load(out / "demo.html")
    ActionChains(browser).move_to_element_with_offset(find("#strip"), *at_strip(0x80200000)).perform()
    assert "block 2M" in text("#here"), text("#here")
    x, y = at_strip(0x4000f000)
    ActionChains(browser).move_to_element_with_offset(find("#strip"), x + 12, y).perform()
    assert "nothing is mapped" in text("#here"), text("#here")


def zooms():
    """wheel, drag, buttons and keys change what is seen; Home shows all"""
    load(out / "demo.html")
    same(view(), [0, 1])
    whole = text("#range")
    find("#strip").click()
    keys("+")
    assert view()[1] - view()[0] < 0.51, view()
    assert text("#range") != whole
    before = view()
    keys(Keys.ARROW_RIGHT)
    assert view()[0] > before[0], view()
    keys(Keys.ARROW_LEFT)
    assert abs(view()[0] - before[0]) < 1e-9, view()
    ActionChains(browser).drag_and_drop_by_offset(find("#strip"), -100, 0).perform()
    assert view()[0] > before[0], view()
    keys("-", Keys.HOME)
    same(view(), [0, 1])
    js("""strip.canvas.dispatchEvent(new WheelEvent('wheel',
        {deltaY: -300, clientX: 700, clientY: 180, cancelable: true, bubbles: true}))""")
    assert view()[1] - view()[0] < 0.5, view()
    find("#home").click()
    same(view(), [0, 1])
    find("#zoom-in").click()
    assert view()[1] - view()[0] < 0.51, view()
    find("#to-scale").click()
    same([view(), text("#range")], [[0, 1], "0000000000-ffffffffff"])


def keyboard_is_enough():
    """Tab, arrows, Enter, Home and End reach every row and every descriptor"""
    load(out / "demo.html")
    for _ in range(20):
        keys(Keys.TAB)
        if js("return document.activeElement.tagName") == "TR":
            break
    same(js("return document.activeElement.textContent.startsWith('▾root')"), True)
    keys(Keys.ARROW_DOWN, Keys.ARROW_LEFT)  # closes the first table
    same(js("return document.activeElement.getAttribute('aria-expanded')"), "false")
    keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER, Keys.ARROW_DOWN)
    same(js("return document.activeElement.getAttribute('aria-level')"), "4")
    assert "page at level 3, for IPA 0009000000" in text("#descriptor"), text("#descriptor")
    keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.END)
    same(js("return document.activeElement === document.querySelector('#tree tbody').lastElementChild"), True)
    keys(Keys.HOME)
    same(js("return document.activeElement.getAttribute('aria-level')"), "1")
    # Only one row of the tree is a stop for Tab.
    same(js("return document.querySelectorAll('#tree tr[tabindex=\"0\"]').length"), 1)
    find("#strip").click()
    keys(Keys.HOME, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert "page at level 3" in text("#descriptor"), text("#descriptor")


def counts_memory():
    """the cost of tables is what s2ctl stats says"""
    load(out / "demo.html")
    same(text("#cost tbody tr:last-child").split(), ["all", "9", "36K", "786", "5188K"])
    # Numbers as text::size() writes them (userspace/tests/unit/rows_test.cpp has the same).
    same(js("return [100, 0, 5312512, 2 ** 31 + 4096, 123456789].map(sizeText)"), ["100B", "0K", "5188K", "2.0G", "117.7M"])
    same(js("return [[4, 1], [1, 64], [1, 1e6]].map(([a, b]) => percentText(a, b))"), ["400", "1.6", "less than 0.01"])


def readable(scheme):
    def test():
        in_scheme(scheme)
        load(out / "demo.html")
        colour = {name: js("return strip.colour(arguments[0])", name) for name in
                  "back card text quiet row ink rw_ r__ r_x rwx _w_ __x _wx ___ added removed changed".split()}
        for on in ("back", "card", "row"):
            assert contrast(colour["text"], colour[on]) >= 7, f"text on {on}"
        for on in ("back", "card"):
            assert contrast(colour["quiet"], colour[on]) >= 4.5, f"quiet text on {on}"
        for on in list(colour)[6:]:
            assert contrast(colour["ink"], colour[on]) >= 4.5, f"a label on {on}: {contrast(colour['ink'], colour[on])}"
            assert contrast(colour["card"], colour[on]) >= 3, f"{on} on the card"
        click_strip(0x80200000)
        shot(f"page-{scheme}")
        in_scheme("light")
    test.__doc__ = f"text and labels can be read in {scheme}"
    return test


def shows_differences():
    """the page of two dumps lists what changed, and leads there"""
    load(out / "diff.html")
    quiet()
    changes = [row.text for row in browser.find_elements(By.CSS_SELECTOR, "#changes-table tr")]
    same(len(changes), 3)
    assert changes[0].startswith("− removed 0009000000-0009000fff rw- device 4K"), changes
    assert "~ changed 0080480000-0080481fff permission rw- → r--" in changes[1], changes
    assert changes[2].startswith("+ added 0080500000-0080501fff rw- normal 4K"), changes
    find("#changes-table tr:nth-child(1)").click()
    same(js("return [current, document.querySelector('#which input:checked').value]"), [0, "0"])
    find("#changes-table tr:nth-child(2)").click()
    same(js("return current"), 1)
    assert "r--" in find("#tree tr[aria-selected=true]").text
    click_strip(0x80480000, lane=1)
    js("scrollTo(0, 0)")
    shot("diff-light")
    in_scheme("dark")
    shot("diff-dark")
    in_scheme("light")


def differences_in_words():
    """--text and --json say the same"""
    lines = s2ctl("render", "--diff", DEMO_PATH, out / "after.tables", "--text").decode().splitlines()
    same([line[0] for line in lines], ["-", "~", "+"])
    changes = json.loads(s2ctl("render", "--diff", DEMO_PATH, out / "after.tables", "--json"))
    same([c["kind"] for c in changes], ["removed", "changed", "added"])
    same(changes[1]["what"], ["permission"])


def pictures_are_shown(name):
    def test():
        load(out / f"{name}.svg")
        quiet()
        same(js("return document.documentElement.tagName"), "svg")
        assert js("return document.querySelectorAll('rect').length") > 5
        for scheme in ("light", "dark"):
            in_scheme(scheme)
            shot(f"{name}-svg-{scheme}")
        in_scheme("light")
    test.__doc__ = f"{name}.svg is a picture"
    return test


def hostile_names():
    """a hostile name stays a name"""
    load(out / "hostile.html")
    quiet()
    same(js("return [window.pwned, document.title, document.querySelectorAll('img, h1 *').length]"),
         [None, HOSTILE + ": stage 2 tables", 0])
    load(out / "hostile.svg")
    same(js("return [window.pwned, document.querySelector('title').textContent]"), [None, HOSTILE])


DEMO_PATH = f"./{DEMO}"
HOSTILE = "<img src=x onerror=pwned=1>\"'&.bin"
write_dumps(out, DEMO.read_bytes())
(out / HOSTILE).write_bytes(DEMO.read_bytes())
for name, words in {
        "demo": [DEMO_PATH], "alternating": [out / "alternating.tables"],
        "scattered": [out / "scattered.tables"], "hostile": [out / HOSTILE],
        "diff": ["--diff", DEMO_PATH, out / "after.tables"], "fwb": [out / "fwb.tables"], "lpa": [out / "lpa.tables"],
        "lpa2": [out / "lpa2.tables"], "strange": [out / "strange.tables"]}.items():
    s2ctl("render", *words, "-o", out / f"{name}.html")
    s2ctl("render", *words, "--svg", "-o", out / f"{name}.svg")

browser = start_browser()
print("KTAP version 1")
try:
    for test in (loads, opens_soon("alternating"), opens_soon("scattered"), shows_the_tree,
                 click_decodes, *(decodes_all("demo", n) for n in (1, 2, 3)),
                 *(decodes_all("fwb", n, "--stage", "2-fwb") for n in (2, 3)),
                 *(decodes_all("lpa", n, "--granule", "64K", "--output-bits", 52) for n in (1, 2, 3)),
                 *(decodes_all("lpa2", n, "--output-bits", 52) for n in (0, 1, 3)),
                 holds_every_descriptor("demo", DEMO), holds_every_descriptor("strange", out / "strange.tables"),
                 holds_every_descriptor("scattered", out / "scattered.tables"), strip_and_tree_agree, hover_tells,
                 zooms, keyboard_is_enough, counts_memory, readable("light"), readable("dark"), shows_differences,
                 differences_in_words, pictures_are_shown("demo"), pictures_are_shown("diff"), hostile_names,
                 *render_columns.tests(js, load, quiet, s2ctl, out, DEMO.read_bytes())):
        check(test)
finally:
    browser.quit()
print(f"1..{passed + failed}")
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
