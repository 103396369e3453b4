#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What documents name must be there: files and anchors behind links, commands of sipward with their
options, targets of make. words.py SIPWARD DOCUMENT..."""

import os
import re
import subprocess
import sys


def anchors(path):
    """Of the titles, as GitHub makes them."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"^```.*?^```$", "", file.read(), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.*)", text, re.M)
    return {re.sub(r"[^\w -]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower())
            .replace(" ", "-") for title in titles}


def links(path, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        file = os.path.join(os.path.dirname(path), file) if file else path
        if not os.path.exists(file):
            yield f"{path}: there is no {target}"
        elif anchor and anchor not in anchors(file):
            yield f"{path}: there is no title for {target}"


class Program:
    def __init__(self, binary):
        self.binary, self.helps = binary, {}
        self.commands = set(re.findall(r"^  (\w+) ", self.ask("--help"), re.M))

    def ask(self, *words):
        return subprocess.run([self.binary, *words], capture_output=True, text=True,
                              check=True).stdout

    def options(self, command):
        if command not in self.helps:
            text = self.ask(command, "--help")
            self.helps[command] = set(re.findall(r"(?<![\w-])(--?[a-z1][\w-]*)", text))
        return self.helps[command] | {"--help", "-h"}


def shown_commands(text):
    """In `code`, in blocks, and behind a prompt; not in prose."""
    code = re.findall(r"^ *```sh[^\n]*\n(.*?)^ *```$", text, re.M | re.S)
    code += re.findall(r"^# (.*)$", "\n".join(
        re.findall(r"^```console[^\n]*\n(.*?)^```$", text, re.M | re.S)), re.M)
    code += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    code += re.findall(r"^    (?!\s)(.*)$", text, re.M)
    for block in code:
        yield from re.findall(r"(?<![\w/.-])sipward +([a-z]+\b[^\n|;&<>#]*)", block)


def commands(path, text, program):
    for words in shown_commands(text):
        command, *rest = words.split()
        if command not in program.commands:
            yield f"{path}: sipward has no command {command}: {words}"
            continue
        for word in rest:
            option = re.match(r"\[?(--?[a-z][\w-]*)", word)
            if option and option[1] not in program.options(command):
                yield f"{path}: sipward {command} has no option {option[1]}"


def targets(path, text):
    known = set()
    for file in ("Makefile", "selftests/tests.mk"):
        with open(file, encoding="utf-8") as makefile:
            known |= set(re.findall(r"^([\w-]+):", makefile.read(), re.M))
    for block in re.findall(r"`((?:sudo )?make [^`\n]+)`", text):
        for word in block.split()[block.split().index("make") + 1:]:
            if re.fullmatch(r"[a-z][\w-]*", word) and word not in known:
                yield f"{path}: make has no target {word}"


def main():
    program, wrong = Program(sys.argv[1]), []
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        wrong += links(path, text)
        wrong += commands(path, text, program)
        wrong += targets(path, text)
    print("\n".join(wrong))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
