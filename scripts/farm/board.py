# SPDX-License-Identifier: GPL-2.0-only
"""A board of the farm: it is turned on, gets the suite, and runs it file by file.

What kind of board that is, only labgrid's environment file knows. A target there has a Strategy with the states
"off" and "shell" (as ShellStrategy, UBootStrategy and BareboxStrategy have), and a driver that runs commands. Its
options, none of them needed:

    suite: PATH     where on the board the packed suite lies already; else it is sent
    module: PATH    stage2.ko for this board's kernel; else the one that is packed with the suite
    without: NAMES  files of tests that this board leaves out
    folder: PATH    where on the board the suite is to live (/run/stage2); a tmpfs is mounted there
"""

import re
import shlex
import time
from pathlib import Path

from labgrid import Environment
from labgrid.protocol import CommandProtocol
from pexpect import TIMEOUT

from watch import Silent, Watch

POLL = 0.3
RESULT = re.compile(r"    (not )?ok (\d+) (.*?)(?: # SKIP (.*))?")
EXIT = re.compile(r"stage2-exit: (\d+)")


class Lost(Exception):
    """There is nothing to be got from this board any more."""


class Run:
    """What became of one file of tests: what the board has said, and how it ended."""

    def __init__(self, name):
        self.name = name
        self.lines = []
        self.status = None  # none: it did not come to its end
        self.trouble = ""

    def results(self):
        """{number: (ok, title, skip reason, what was said about it)}"""
        found, said = {}, []
        for line in self.lines:
            if match := RESULT.fullmatch(line):
                bad, number, title, why = match.groups()
                found[int(number)] = (not bad, title, why, said)
                said = []
            elif line.startswith("    #"):
                said.append(line.strip()[2:])
        return found

    def last_words(self):
        return self.lines[-1].strip() if self.lines else "nothing"

    def remarks(self):
        """What on_board says at the end: why the module is not loaded, what the kernel complains about."""
        head = re.compile("# (Subtest:|.* took |engine )")
        return [line[2:] for line in self.lines if line.startswith("# ") and not head.match(line)]


class Board:
    def __init__(self, environment, name, suite, no_progress):
        self.name = name
        self.suite = suite
        self.env = Environment(environment)
        self.folder = self._option("folder", "/run/stage2")
        self.left_out = self._option("without", "").split()
        self.watch = Watch(no_progress)
        self.command = self.target = self.lost = None

    def _option(self, name, default):
        if self.name not in self.env.config.get_targets():
            raise Lost(f"{self.env.config_file} has no target '{self.name}'")
        return self.env.config.get_target_option(self.name, name, default)

    def _no_commands(self):
        """A connection does not outlive the power, and a Strategy does not know of SSH."""
        for driver in self.target.drivers:
            if isinstance(driver, CommandProtocol):
                self.target.deactivate(driver)
        self.command = None

    def _check(self, command):
        """Runs a command that has to succeed."""
        out, err, status = self.command.run(command, decodeerrors="replace")
        if status:
            raise Lost(f"'{command}' failed with status {status}: {' '.join(out + err)}")
        return out

    def _set_up(self):
        where = shlex.quote(self.folder)
        self._check(f"mkdir -p {where}")
        self._check(f"grep -q ' {where} tmpfs ' /proc/mounts || mount -t tmpfs -o mode=700 stage2 {where}")
        packed = self._option("suite", "")
        if not packed:
            packed = f"{self.folder}/suite.tar.gz"
            self._send(self.suite, packed)
        self._check(f"gzip -dc {shlex.quote(packed)} | tar -x -C {where} -f -")
        if module := self._option("module", ""):
            self._send(self.env.config.resolve_path(module), f"{self.folder}/stage2.ko")

    def _send(self, local, remote):
        if not Path(local).is_file():
            raise Lost(f"there is no {local} to be sent")
        self.target.get_driver("FileTransferProtocol").put(str(local), remote)

    def turn_on(self):
        """From whatever state: off, on, booted, with the suite. One that did not come up once is given up."""
        if self.lost:
            raise Lost(self.lost)
        what = "power and console do not answer"
        try:
            self.target = self.target or self.env.get_target(self.name)
            with self.watch.over("it does not boot", console=True):
                self._no_commands()
                strategy = self.target.get_driver("Strategy")
                strategy.transition("off")
                strategy.transition("shell")
            with self.watch.over("it takes no commands"):
                what = "it takes no commands"
                self.command = self.target.get_driver("CommandProtocol")
                what = "the suite does not get there"
                self._set_up()
        except TIMEOUT as error:
            self.lost = f"it does not boot: {first_line(error)}"
        except (Silent, Lost) as error:
            self.lost = first_line(error)
        except Exception as error:  # whatever a driver may raise: the board is lost, and the others go on
            self.lost = f"{what}: {type(error).__name__}: {first_line(error)}"
        if self.lost:
            self.command = None
            raise Lost(self.lost)

    def run(self, name):
        """One file of tests. Where the board falls silent it is turned off and on again for the next one."""
        if not self.command:
            self.turn_on()
        run = Run(name)
        log = f"{self.folder}/log"
        self._drain()
        try:
            with self.watch.over(f"{name} began"):
                self._check(f"cd {self.folder}; sh on_board {name} >{log} 2>&1 </dev/null & sleep 0")
            with self.watch.over(f"{name} ran"):
                self._follow(run, log)
        except Silent as error:
            run.trouble = str(error)
        except Exception as error:
            run.trouble = f"{name} ran: {type(error).__name__}: {first_line(error)}"
        if run.trouble:
            run.trouble += f"; the last it said was: {run.last_words()}"
            self.command = None
        return run

    def _follow(self, run, log):
        """Looks at the log until it says how it ended. The last line may not be whole: it is read again."""
        seen = 0
        while run.status is None:
            try:
                new = self._check(f"tail -n +{seen + 1} {log}")
            except TIMEOUT:  # a machine that tests its suspend has no console for a while: ask again
                continue
            if new != run.lines[seen:]:
                self.watch.progress()
            run.lines[seen:] = new
            seen = max(seen, len(run.lines) - 1)
            if new and (match := EXIT.fullmatch(new[-1])):
                run.status = int(match[1])
                run.lines.pop()
            else:
                self._drain()
                time.sleep(POLL)

    def _drain(self):
        """Where commands do not go by the console, somebody has to read that for the log."""
        console = self.target.get_active_driver("ConsoleProtocol")
        if console in self.command.suppliers:
            return
        try:
            while True:
                console.read(size=4096, timeout=0.01)
        except TIMEOUT:
            pass

    def turn_off(self):
        try:
            with self.watch.over("it does not turn off"):
                if self.target:
                    self._no_commands()
                    self.target.get_driver("PowerProtocol").off()
        except Exception as error:
            print(f"{self.name}: it may still be on: {first_line(error)}")


def first_line(error):
    """pexpect's messages are long."""
    return str(error).strip().split("\n")[0] or type(error).__name__
