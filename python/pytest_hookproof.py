"""A pytest plugin that judges a Stripe webhook endpoint with hookproof: one test a check.

    pytest --hookproof hookproof.json

It runs ``hookproof check`` once, while it collects, so the endpoint has to listen before. docs/pytest.md has more.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest


def pytest_addoption(parser):
    group = parser.getgroup("hookproof")
    group.addoption("--hookproof", metavar="FILE", help="judge the endpoint of this target file of hookproof's")
    group.addoption(
        "--hookproof-arg",
        metavar="ARG",
        action="append",
        default=[],
        help="a further argument of 'hookproof check', such as --hookproof-arg=--only=idempotence; repeatable",
    )


def pytest_configure(config):
    wanted = config.getoption("hookproof")
    if wanted is None:
        return
    target = pathlib.Path(config.invocation_params.dir, wanted)
    if not target.is_file():
        raise pytest.UsageError(f"--hookproof: there is no file {wanted}; 'hookproof init' writes a target file")
    config.pluginmanager.register(Plugin(target.resolve()))
    named = (pathlib.Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args)
    if not any(target.resolve().is_relative_to(path) for path in named):
        config.args.append(str(target))


class Plugin:
    def __init__(self, target):
        self.target = target

    def pytest_collect_file(self, file_path, parent):
        if file_path.resolve() == self.target:
            return TargetFile.from_parent(parent, path=file_path)


class TargetFile(pytest.File):
    def collect(self):
        report, said = check(self.path, self.config.getoption("hookproof_arg"))
        several = len({finding.get("life") for finding in report["findings"]}) > 1
        for finding in report["findings"]:
            name = f"{finding['life']}/{finding['check']}" if several else finding["check"]
            yield Check.from_parent(self, name=name, finding=finding)
        yield Run.from_parent(self, name="the run", said=said)


class Failure(Exception):
    """What pytest reports as it is: no line of Python is at fault."""


class Told(pytest.Item):
    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, Failure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


class Check(Told):
    def __init__(self, *, finding, **kwargs):
        super().__init__(**kwargs)
        self.finding = finding

    def runtest(self):
        verdict, why = self.finding["verdict"], self.finding.get("why", "")
        if verdict == "fail":
            because = self.finding.get("because")
            cause = f"explained by {because}, so fix that first: " if because else ""
            raise Failure(f"{cause}{why}\n\n{self.finding['text']}")
        if verdict == "known":
            pytest.xfail(f"known to fail: {why}")
        if verdict == "not-run":
            pytest.skip(why)
        if verdict == "info":
            self.add_report_section("call", "hookproof", f"worth knowing: {why}")


class Run(Told):
    """No evidence is never a pass: this fails where the run could not judge what it should have."""

    def __init__(self, *, said, **kwargs):
        super().__init__(**kwargs)
        self.said = said

    def runtest(self):
        if self.said:
            raise Failure(self.said)


def shortest(path):
    """Returns a path from here, or as it is where there is none: Windows has no path from one drive to another."""
    try:
        return os.path.relpath(path)
    except ValueError:
        return path


def check(target, arguments):
    """Returns the report of a run, and what hookproof says beside it: why it could not judge, or not all."""
    program = os.environ.get("HOOKPROOF_BINARY") or shutil.which("hookproof")
    if program is None:
        raise pytest.UsageError("hookproof is not in PATH; install it (docs/install.md), or put its path into HOOKPROOF_BINARY")
    with tempfile.TemporaryDirectory(prefix="hookproof-") as folder:
        file = pathlib.Path(folder, "report.json")
        command = [program, "check", f"--target={shortest(target)}", *arguments, f"--json={file}"]
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        stderr = ended.stderr.decode(errors="replace")
        said = re.search(r"^hookproof: (.*)", stderr, re.MULTILINE | re.DOTALL)
        said = said.group(1).strip() if said else ""
        if ended.returncode in (0, 1, 2) and file.is_file():
            return json.loads(file.read_text()), said
        if ended.returncode != 2 or not said:
            said = f"hookproof ended with exit code {ended.returncode} and wrote no report; it said: {stderr.strip() or 'nothing'}"
        return {"findings": []}, said
