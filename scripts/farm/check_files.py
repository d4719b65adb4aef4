#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# check_files.py SUITE: objects to what in the farm's YAML files is not what it should be: labgrid makes every target
# of its environments (and connects to nothing by that), and LAVA's jobs name only what there is. SUITE is the suite
# unpacked. A schema of LAVA's is not at hand.

import re
import sys
from pathlib import Path

import yaml
from labgrid import Environment
from labgrid.driver import ShellDriver
from labgrid.protocol import CommandProtocol, FileTransferProtocol, PowerProtocol
from labgrid.strategy import Strategy

here = Path(__file__).parent
top = here.parent.parent
suite = Path(sys.argv[1])


def environment(path):
    """Each target has what board.py asks it for, and a way for the suite to get there."""
    env = Environment(str(path))
    for name in env.config.get_targets():
        target = env.get_target(name)
        for kind in Strategy, PowerProtocol, CommandProtocol, ShellDriver:
            target.get_driver(kind, activate=False)
        if not env.config.get_target_option(name, "suite", ""):
            target.get_driver(FileTransferProtocol, activate=False)


def texts(node):
    """All texts anywhere in a parsed YAML file."""
    if isinstance(node, (dict, list)):
        for child in node.values() if isinstance(node, dict) else node:
            yield from texts(child)
    elif isinstance(node, str):
        yield node


def lava(path):
    """What a job names: images that farm.sh makes, files of this tree and of the suite."""
    parsed = yaml.safe_load(path.read_text())
    made = (top / "scripts/farm.sh").read_text()
    ours = r"[\w.]+" if path.name == "qemu.yaml" else r"suite[\w.]+gz"  # a board's kernel and root are its owner's
    for text in texts(parsed):
        for name in re.findall(rf"http://files\.lab/({ours})", text):
            if name not in made:
                yield f"farm.sh makes no {name}"
        for name in re.findall(r"/run/stage2/(?!log)([\w/.]+)", text):
            if not (suite / name).is_file():
                yield f"the suite has no {name}"
        for name in re.findall(r"\bscripts/[\w/.]+", text):
            if not (top / name).is_file():
                yield f"there is no {name}"
    actions = [key for action in parsed.get("actions", []) for key in action]
    if "actions" in parsed and actions != ["deploy", "boot", "test"]:
        yield f"its actions are {actions}"
    if "actions" not in parsed and not parsed["metadata"]["format"].startswith("Lava-Test Test Definition"):
        yield "it is neither a job nor a test definition"


for path in sorted(here.glob("*.yaml")):
    try:
        environment(path)
    except Exception as error:
        print(f"{path.name}: {type(error).__name__}: {error}")
for path in sorted(here.glob("lava/*.yaml")):
    for objection in lava(path):
        print(f"{path.name}: {objection}")
