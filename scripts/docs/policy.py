# SPDX-License-Identifier: GPL-2.0-only
"""The keys of a policy: their text from keys.txt, and what the program itself says about them.

`sipward check` is asked about each key with a value that cannot be right. Its answer tells the
type, the bounds and the words of the key, and which keys stand below it. A key that the program
knows and keys.txt does not, or the other way round, is an error. So is an example that the
program refuses."""

import re
import subprocess

NONSENSE = "qqqqqqqq"
KNOWN = re.compile(r"; known here: (.*)")
FIELDS = ("default", "example", "type", "most", "reasons", "with", "like")


class Wrong(Exception):
    pass


class Key:
    def __init__(self, path, fields, text):
        self.path, self.text = path, text
        self.default = fields.get("default")
        self.example = fields.get("example")
        self.type = fields.get("type")
        self.most = fields.get("most")
        self.like = fields.get("like")
        self.reasons = fields.get("reasons", "").replace(",", " ").split()
        self.siblings = [pair.strip().split(" = ", 1)
                         for pair in fields.get("with", "").split(";") if pair.strip()]
        self.children = []
        self.copied = False      # from the key that `like` names

    @property
    def parent(self):
        return self.path.rpartition(".")[0].removesuffix("[]")


class Section:
    def __init__(self, title, lines):
        always = [line for line in lines if line.startswith("always: ")]
        self.title = title
        self.text = " ".join(line for line in lines if line not in always)
        self.reasons = " ".join(line.removeprefix("always: ") for line in always).split()


def read_stanza(lines):
    """A heading, or a key with its fields and its text."""
    if lines[0].startswith("= "):
        return Section(lines[0][2:], lines[1:])
    path, fields, text = lines[0], {}, []
    for line in lines[1:]:
        name, colon, value = line.partition(": ")
        if colon and name in FIELDS and not text:
            fields[name] = value
        else:
            text.append(line)
    return Key(path, fields, " ".join(text))


def read_text(path):
    """The sections and keys of keys.txt, in order."""
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n") if not line.startswith("#")]
    stanzas = [block.split("\n") for block in re.split(r"\n\n+", "\n".join(lines).strip())]
    return [read_stanza(stanza) for stanza in stanzas]


# --- a policy with one key in it ---------------------------------------------------------------

def skeleton(paths):
    """The least that stands around the keys."""
    policy = {"version": "1"}
    for path in paths:
        if path.startswith("zones[]"):
            policy["zones"] = {"name": "zone-a", "sources": "[192.0.2.0/24]"}
        if path.startswith("services[]"):
            policy["services"] = {"transport": "udp", "port": "5060"}
        if path.startswith("rules[]"):
            policy["rules"] = {"name": "rule-a", "header": "X-Foo"}
    return policy


def put(policy, path, value):
    *above, last = path.replace("[]", "").split(".")
    for word in above:
        if not isinstance(policy.get(word), dict):
            policy[word] = {}
        policy = policy[word]
    policy[last] = value


def flow(value):
    if not isinstance(value, dict):
        return value
    return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"


def policy_with(key, value):
    """A policy with this key; without it when the value is None."""
    policy = skeleton([key.path] + [path for path, _ in key.siblings])
    for path, sibling in key.siblings:
        put(policy, path, sibling)
    if value is not None:
        put(policy, key.path, value)
    lines = []
    for name, item in policy.items():
        text = flow(item)
        if name in ("zones", "services", "rules") and isinstance(item, dict):
            text = f"[{text}]"
        lines.append(f"{name}: {text}\n")
    return "".join(lines)


class Program:
    """Answers about policies, from scripts/docs/answers.c."""

    def __init__(self, command):
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers = {}

    def check(self, policy):
        """What is wrong with the policy, or "=" and a hash of what it means."""
        if policy not in self.answers:
            self.answers[policy] = self.ask(policy)
        return self.answers[policy]

    def ask(self, policy):
        self.process.stdin.write(policy.encode() + b"\0")
        self.process.stdin.flush()
        text = b""
        while not text.endswith(b"\0"):
            octets = self.process.stdout.read1(4096)
            if not octets:
                raise Wrong(f"{self.process.args[0]} ended")
            text += octets
        return text[:-1].decode()

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def keys_below(self, key):
        """The keys of its mapping, or of the entries of its list. Most keys have one value."""
        if re.search(r"decimal number within|a rate is|a duration is",
                     self.check(policy_with(key, NONSENSE))):
            return []
        for value, where in ((f"{{{NONSENSE}: 1}}", ""), (f"[{{{NONSENSE}: 1}}]", "[]")):
            said = self.check(policy_with(key, value))
            found = KNOWN.search(said)
            if found and f"unknown key '{NONSENSE}'" in said:
                return [f"{key.path}{where}.{name}" for name in found[1].split(", ")]
        return []


def type_of(program, key):
    """From what the program says about a value that is none."""
    said = program.check(policy_with(key, NONSENSE))
    if found := re.search(r"must be a decimal number within (\d+)\.\.(\d+)", said):
        return f"number, {int(found[1]):,} to {int(found[2]):,}"
    if "a rate is a count and a period" in said:
        return "rate"
    if "a duration is a number" in said:
        return "duration"
    if f"cannot be '{NONSENSE}'" in said and (found := KNOWN.search(said)):
        return "one of " + ", ".join(f"`{word}`" for word in found[1].split(", "))
    if "must be a list" in said:
        found = KNOWN.search(program.check(policy_with(key, f"[{NONSENSE}]")))
        if not found:
            return "list"
        words = found[1].split(", ")
        if len(words) > 30:
            return "list of words"
        return "list of " + ", ".join(f"`{word}`" for word in words)
    return "mapping" if "must be a mapping" in said else None


# --- all of it -----------------------------------------------------------------------------------

def inherit(keys):
    """Keys below a key with `like` have the texts of those below the other one."""
    texts = {key.path: key for key in keys}
    grown = []
    for key in keys:
        grown.append(key)
        if not key.like:
            continue
        for path, other in texts.items():
            if path.startswith(key.like + "."):
                copy = Key(key.path + path.removeprefix(key.like), {}, other.text)
                copy.default, copy.example, copy.type = other.default, other.example, other.type
                copy.reasons, copy.siblings = other.reasons, key.siblings
                copy.copied = True
                if copy.path not in texts:
                    grown.append(copy)
    return grown


def known_paths(program, keys, top):
    """Every key that the program knows, found from the top."""
    by_path = {key.path: key for key in keys}
    paths, todo = set(), list(top)
    while todo:
        path = todo.pop()
        paths.add(path)
        key = by_path.get(path) or Key(path, {}, "")
        key.children = program.keys_below(key)
        todo += [child for child in key.children if child not in paths]
    return paths


def judge_example(program, key):
    """The example is good. A default that is a value is what holds without the key."""
    said = program.check(policy_with(key, key.example))
    if not said.startswith("="):
        yield f"{key.path}: the example is refused: {said}"
    default = program.check(policy_with(key, key.default))
    if not default.startswith("="):
        return  # it is told in words
    if default != program.check(policy_with(key, None)):
        yield f"{key.path}: the default is not {key.default}"
    if default == said:
        yield f"{key.path}: the example means what the default means"


def judge_most(program, key):
    """`most: 16 x{n}`: a list of 16 such entries is good, one of 17 is not. Adds it to the type."""
    count, item = key.most.split(" ", 1)
    for entries, good in ((int(count), True), (int(count) + 1, False)):
        value = ", ".join(item.replace("{n}", str(1000 + i)).replace("{i}", str(i))
                          for i in range(entries))
        said = program.check(policy_with(key, f"[{value}]"))
        if said.startswith("=") != good:
            yield f"{key.path}: {entries} entries are {'refused: ' + said if good else 'good'}"
    key.type += f"; at most {count}"


def judge_reasons(entries, reasons):
    """Each reason belongs to a key, or to no key."""
    names = {reason.name for reason in reasons}
    used = {name for entry in entries for name in entry.reasons}
    for name in sorted(names - used):
        yield f"{name}: is a reason, and no key says that it is the cause"
    for name in sorted(used - names):
        yield f"{name}: is no reason"


def judge(program, key):
    """What is wrong with the entry of a key."""
    if not key.text:
        yield f"{key.path}: has no text"
    if not key.type:
        key.type = type_of(program, key)
    if not key.type:
        yield f"{key.path}: no type is seen in what the program says; add a line 'type: ...'"
    if key.most:
        yield from judge_most(program, key)
    if key.children or key.copied:
        return
    if not key.example or not key.default:
        yield f"{key.path}: has no example or no default"
    else:
        yield from judge_example(program, key)


def read(text_file, command, reasons):
    """The sections and keys; Wrong when text and program differ."""
    program = Program(command)
    try:
        return compare(text_file, read_text(text_file), program, reasons)
    finally:
        program.end()


def compare(text_file, entries, program, reasons):
    keys = inherit([entry for entry in entries if isinstance(entry, Key)])
    said = program.check(f"version: 1\n{NONSENSE}: 1\n")
    paths = known_paths(program, keys, KNOWN.search(said)[1].split(", "))
    documented = {key.path for key in keys}
    wrong = [f"{path}: is a key of the program and has no text in {text_file}"
             for path in sorted(paths - documented)]
    wrong += [f"{path}: is in {text_file} and no key of the program"
              for path in sorted(documented - paths)]
    for key in keys:
        if key.path in paths:
            wrong += judge(program, key)
    wrong += judge_reasons(entries, reasons)
    if wrong:
        raise Wrong("\n".join(wrong))
    order = []
    for entry in entries:
        order.append(entry)
        if isinstance(entry, Key) and entry.like:
            order += [key for key in keys if key.path.startswith(entry.path + ".")
                      and key.copied]
    return order
