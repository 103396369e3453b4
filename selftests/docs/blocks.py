#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the commands that the documents show, in the world of world.sh, and compares what they print.

    ```console              a line `# COMMAND` is run; the lines below it are what it prints
    ```console background   the command goes on running; what it prints first is compared
    ```sh example           is not run; the commands of sipward in it must exist, with their options
    ```console example      likewise, with what they would print
    ```yaml FILE            is written to FILE, and must pass `sipward check` when it has a version
    <!-- run: COMMAND -->   is run, and not shown
    <!-- run: stop -->      stops the command that goes on running, as Ctrl-C does

Numbers, hashes and white space may differ; a line `...` stands for any lines. With --update the
documents get what was printed now."""

import os
import re
import signal
import subprocess
import sys
import time

FENCE = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$|^<!-- run: ([^\n]*) -->$", re.M | re.S)
SECONDS = 60   # that a command may take
PATIENCE = 5
# The agent logs this when a thread gets round to it, before or after other lines.
ANY_TIME = re.compile(r"^sipward: observer: ")
ASKS = re.compile(r"^sipward (stats|events|status|\w+ list)\b")


def plain(line):
    line = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b", "0", line)
    line = re.sub(r"kernel \S+", "kernel 0", line)
    return re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?", "0", line)).strip()


def matches(wanted, got):
    """Lines against lines; `...` is any number of them."""
    if not wanted:
        return not got
    if wanted[0].strip() == "...":
        return any(matches(wanted[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and plain(wanted[0]) == plain(got[0]) and matches(wanted[1:], got[1:])


class Document:
    def __init__(self, path, update):
        self.path, self.update = path, update
        self.failed = False
        self.agents = []
        self.text = read(path)

    def result(self, name, why):
        name = f"{os.path.relpath(self.path, os.environ['ROOT'])}: {name}"
        print(f"ok {name}" if why is None else f"not ok {name} - {why}", flush=True)
        self.failed |= why is not None

    def run(self):
        made = FENCE.sub(self.block, self.text)
        for agent in self.agents:
            stop(agent)
        shell("sipward detach --yes")
        if self.update and made != self.text:
            with open(self.path, "w", encoding="utf-8") as file:
                file.write(made)
        return self.failed

    def block(self, found):
        kind, info, body, hidden = found[1], found[2], found[3], found[4]
        if hidden == "stop":
            stop(self.agents.pop())
        elif hidden is not None:
            code, output = shell(hidden)
            if code:
                self.result(hidden, f"exit code {code}: {output[-300:]!r}")
        elif kind == "console" and info != "example":
            body = self.console(body, info == "background")
        elif kind == "yaml" and info:
            self.write(info, body)
        return found[0] if hidden is not None or kind != "console" else \
            f"```console{' ' + info if info else ''}\n{body}```"

    def write(self, name, body):
        with open(name, "w", encoding="utf-8") as file:
            file.write(body)
        if body.startswith("version:"):
            code, output = shell(f"sipward check {name}")
            self.result(f"the policy {name}", output if code else None)

    def console(self, body, background):
        parts = re.split(r"^# (.*)\n", body, flags=re.M)
        made = parts[0]
        for command, wanted in zip(parts[1::2], parts[2::2]):
            if background:
                self.start(command)
            same, lines = self.compare(command, wanted.splitlines(), background)
            if self.update and not same and "..." not in wanted.splitlines():
                wanted, same = "".join(f"{line}\n" for line in lines), True
            self.result(command, None if same else f"it printed {lines!r}")
            made += f"# {command}\n{wanted}"
        return made

    def compare(self, command, wanted, background):
        """Asks again for a while where that changes nothing: events take a moment."""
        deadline = time.monotonic() + (PATIENCE if background or ASKS.search(command) else 0)
        while True:
            output = read("agent.log") if background else shell(command)[1]
            lines = [line.rstrip() for line in output.splitlines() if not ANY_TIME.search(line)]
            if matches(wanted, lines) or time.monotonic() >= deadline:
                return matches(wanted, lines), lines
            time.sleep(0.2)

    def start(self, command):
        with open("agent.log", "w", encoding="utf-8") as log:
            self.agents.append(subprocess.Popen(command, shell=True, executable="/bin/bash",
                                                stdout=log, stderr=subprocess.STDOUT,
                                                start_new_session=True))
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self.agents[-1].poll() is None:
            if shell("sipward tune")[0] == 0:
                return
            time.sleep(0.1)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def stop(agent):
    if agent.poll() is None:
        os.killpg(agent.pid, signal.SIGINT)
        agent.wait()


def shell(command):
    done = subprocess.run(command, shell=True, executable="/bin/bash", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                          check=False, encoding="utf-8")
    return done.returncode, done.stdout


def main():
    update = "--update" in sys.argv
    failed = False
    for path in sys.argv[1:]:
        if path != "--update":
            failed |= Document(path, update).run()
    sys.exit(failed)


if __name__ == "__main__":
    main()
