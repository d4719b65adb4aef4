# SPDX-License-Identifier: GPL-2.0-only
"""A plugin for pytest: the end-to-end tests (userspace/tests/e2e) are tests of pytest, and run on a board of labgrid's.

    pytest -p stage2_farm --lg-env ENVIRONMENT --board NAME --suite suite.tar.gz userspace/tests/e2e/map.sh

Each sentence that a test file begins a test with is a test; one more per file is that it came to its end, with no
complaint of the kernel. The board runs a file when its first test is asked for.
"""

import re
from pathlib import Path

import pytest

from board import Board, Lost

TEST = re.compile(r"^it '(.*)'$", re.MULTILINE)


def pytest_addoption(parser):
    group = parser.getgroup("stage2")
    group.addoption("--board", help="target of the labgrid environment (--lg-env) to run on")
    group.addoption("--suite", help="the packed suite (farm.sh --pack), to be sent to the board")
    group.addoption("--ktap", help="file to keep there what the board said, as KTAP")
    group.addoption("--no-progress", type=int, default=300, help="seconds without progress until a board is given up")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if config.option.board:
        config.pluginmanager.register(Farm(config), "stage2_board")


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".sh" and not file_path.stem.endswith("lib"):
        return TestFile.from_parent(parent, path=file_path)
    return None


class TestFile(pytest.File):
    """A file of tests, and what became of it."""

    run = None

    def collect(self):
        number = 0
        for at, line in enumerate(self.path.read_text().splitlines()):
            if match := TEST.fullmatch(line):
                number += 1
                yield Sentence.from_parent(self, name=match[1], number=number, line=at)
        yield End.from_parent(self, name="came to its end, and the kernel complained about nothing")

    def on_board(self):
        """Runs it, once."""
        farm = self.config.pluginmanager.get_plugin("stage2_board")
        if not farm:
            pytest.skip("no board is named (--board)")
        if self.path.stem in farm.board.left_out:
            pytest.skip("the environment file leaves it out on this board")
        if self.run is None:
            if farm.gone:
                pytest.skip(f"the board is lost: {farm.gone}")
            try:
                self.run = farm.board.run(self.path.stem)
            except Lost as error:
                farm.gone = str(error)
            if farm.gone:
                pytest.fail(f"{farm.board.name}: {farm.gone}", pytrace=False)
            farm.ktap(self.run)
        return self.run


class Sentence(pytest.Item):
    """One test of a file."""

    def __init__(self, *, number, line, **kwargs):
        super().__init__(**kwargs)
        self.number = number
        self.line = line

    def runtest(self):
        run = self.parent.on_board()
        results = run.results()
        if self.number not in results:
            if run.trouble and self.number == len(results) + 1:
                pytest.fail(run.trouble, pytrace=False)
            pytest.skip("the file did not come this far")
        ok, title, why, said = results[self.number]
        if why:
            pytest.skip(why)
        if title != self.name:
            pytest.fail(f"the board has other tests than this folder: it says '{title}'", pytrace=False)
        if not ok:
            pytest.fail("\n".join(said) or "the board does not say why", pytrace=False)

    def reportinfo(self):
        return self.path, self.line, f"{self.path.stem}: {self.name}"


class End(pytest.Item):
    """The last test of a file."""

    def runtest(self):
        run = self.parent.on_board()
        planned = len(TEST.findall(self.path.read_text()))
        came = len(run.results())
        if run.trouble:
            if came < planned:
                pytest.skip("the file did not come this far")
            pytest.fail(run.trouble, pytrace=False)
        said = run.remarks()
        if came != planned:
            said.append(f"{came} of {planned} tests ran")
        elif run.status and not said and all(ok for ok, *_ in run.results().values()):
            said.append(f"it ended with status {run.status}")
        if said:
            pytest.fail("\n".join(said), pytrace=False)

    def reportinfo(self):
        return self.path, 0, f"{self.path.stem}: {self.name}"


class Farm:
    """The board of this session, and its log."""

    def __init__(self, config):
        if not config.option.lg_env:
            raise pytest.UsageError("--board needs --lg-env, the environment file that knows it")
        try:
            self.board = Board(config.option.lg_env, config.option.board, config.option.suite, config.option.no_progress)
        except Lost as error:
            raise pytest.UsageError(str(error)) from error
        self.path = config.option.ktap and Path(config.option.ktap)
        self.gone = ""
        self.files = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if self.path:
            planned = len({item.parent for item in items})
            self.path.write_text(f"KTAP version 1\n1..{planned}\n# Subtest: {self.board.name}\n")

    def ktap(self, run):
        """A file's lines as the board said them, but for its own head, and with a number of ours."""
        if not self.path:
            return
        self.files += 1
        verdict = "not ok" if run.status != 0 else "ok"
        head = re.compile(r"KTAP version 1|1\.\.\d+|(not )?ok \d+ .*")
        lines = [line for line in run.lines if not head.fullmatch(line)]
        lines += [f"# {run.trouble}"] if run.trouble else []
        with self.path.open("a") as out:
            print(*lines, f"{verdict} {self.files} {run.name}", sep="\n", file=out)

    def pytest_sessionfinish(self):
        self.board.turn_off()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter):
        for report in terminalreporter.stats.get("failed", []) + terminalreporter.stats.get("error", []):
            said = " | ".join(line for line in report.longreprtext.splitlines() if line)
            terminalreporter.write_line(f"FAILED {report.nodeid.removeprefix('tests/')}: {said}")
        count = {name: len(terminalreporter.stats.get(name, [])) for name in ("passed", "failed", "error", "skipped")}
        terminalreporter.write_line(
            f"{count['passed']} passed, {count['failed'] + count['error']} failed, {count['skipped']} skipped")
