"""Tests of the plugin, on an endpoint that is right and one that counts a payment twice. HOOKPROOF_BINARY is the program."""

import json
import pathlib
import subprocess

import pytest

import pytest_hookproof

pytest_plugins = ["pytester"]

ONLY = "--hookproof-arg=--only=idempotence/redelivered,authenticity/wrong-secret,faults/killed"
SERVE = pathlib.Path(__file__).parent.parent / "npm" / "test" / "serve.mjs"


@pytest.fixture
def endpoint(pytester):
    """Starts an endpoint, and writes its target file."""
    started = []

    def start(*broken):
        server = subprocess.Popen(["node", SERVE, *broken], stdout=subprocess.PIPE, text=True)
        started.append(server)
        pytester.path.joinpath("hookproof.json").write_text(server.stdout.readline())

    yield start
    for server in started:
        server.kill()
        server.communicate()


@pytest.fixture
def judged(pytester, monkeypatch):
    """Runs pytest with the plugin, in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parent))
    return lambda *arguments: pytester.runpytest_subprocess("-p", "pytest_hookproof", "-rA", *arguments)


def program(pytester, monkeypatch, script):
    """Has a script run instead of hookproof."""
    file = pytester.path / "program"
    file.write_text("#!/bin/sh\n" + script)
    file.chmod(0o755)
    monkeypatch.setenv("HOOKPROOF_BINARY", str(file))


def test_an_endpoint_that_is_right_passes(endpoint, judged):
    endpoint()
    result = judged("--hookproof", "hookproof.json", ONLY)
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["PASSED hookproof.json::idempotence/redelivered", "SKIPPED*needs `database`"])


def test_one_that_is_not_fails_with_what_was_sent_and_what_to_do(endpoint, judged):
    endpoint("once")
    result = judged("--hookproof", "hookproof.json", ONLY)
    result.assert_outcomes(passed=2, failed=1, skipped=1)
    result.stdout.fnmatch_lines([
        "after paid[*]2, /licences is 2 instead of 1",
        "*Sent:*",
        "*checkout.session.completed*",
        "*Fix: *",
        "*check --target hookproof.json *--only idempotence/redelivered*",
        "FAILED hookproof.json::idempotence/redelivered*",
    ])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_what_is_known_to_fail_is_expected(pytester, endpoint, judged):
    endpoint("once")
    known = {"version": 1, "known": [{"check": "idempotence/redelivered"}]}
    pytester.path.joinpath("known.json").write_text(json.dumps(known))
    result = judged("--hookproof", "hookproof.json", ONLY, "--hookproof-arg=--baseline=known.json")
    result.assert_outcomes(passed=2, xfailed=1, skipped=1)


def test_other_tests_are_run_too_and_each_once(pytester, endpoint, judged):
    endpoint()
    pytester.makepyfile(test_shop="def test_shop(): pass")
    judged("--hookproof", "hookproof.json", ONLY).assert_outcomes(passed=4, skipped=1)
    judged("--hookproof", "hookproof.json", ONLY, "test_shop.py").assert_outcomes(passed=4, skipped=1)


def test_without_the_option_nothing_is_judged(pytester, endpoint, judged):
    endpoint()
    pytester.makepyfile(test_shop="def test_shop(): pass")
    judged().assert_outcomes(passed=1)


@pytest.mark.parametrize("script, told", [
    ("echo 'panic: out of memory' >&2; exit 66", "hookproof ended with exit code 66 and wrote no report; it said: panic: out of memory"),
    ("kill -KILL $$", "hookproof ended with exit code -9 and wrote no report; it said: nothing"),
    ("echo 'hookproof: the target is away' >&2; exit 2", "the target is away"),
])
def test_a_run_without_a_report_is_one_failure(pytester, monkeypatch, judged, script, told):
    pytester.path.joinpath("hookproof.json").write_text("{}")
    program(pytester, monkeypatch, script)
    result = judged("--hookproof", "hookproof.json")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([told])


def test_what_is_missing_is_told(pytester, monkeypatch, judged):
    result = judged("--hookproof", "nowhere.json")
    result.stderr.fnmatch_lines(["ERROR: --hookproof: there is no file nowhere.json; 'hookproof init' writes a target file"])
    pytester.path.joinpath("hookproof.json").write_text("{}")
    monkeypatch.delenv("HOOKPROOF_BINARY")
    monkeypatch.setenv("PATH", "/nowhere")
    result = judged("--hookproof", "hookproof.json")
    result.stdout.fnmatch_lines(["*hookproof is not in PATH; install it (docs/install.md), or put its path into HOOKPROOF_BINARY"])


def test_a_file_on_another_drive_is_named_whole(monkeypatch):
    def apart(path):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")  # as ntpath.relpath does

    assert pytest_hookproof.shortest(pathlib.Path.cwd() / "hookproof.json") == "hookproof.json"
    monkeypatch.setattr(pytest_hookproof.os.path, "relpath", apart)
    assert pytest_hookproof.shortest("D:/shop/hookproof.json") == "D:/shop/hookproof.json"
