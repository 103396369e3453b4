# SPDX-License-Identifier: GPL-2.0-only
"""The generated pages as text: Markdown, man pages, shell completions."""

import re

from policy import Key

MADE = "made by `make docs`; change {source} instead"
TYPES = """\
| type | how it is written |
|---|---|
| rate | COUNT/PERIOD, with `burst N` behind it or without: `40/s`, `100/m`, `10/60s`, `5/500ms`, `40/s burst 100`. \
COUNT and N: 1 to 1,000,000,000; PERIOD: 1ms to 24h. Without a burst: what one second allows, at least 1 |
| duration | a number and ms, s, m, h or d: `500ms`, `10m`, `24h`. 1ms to 10 years |
| prefix | `203.0.113.0/24`, `2001:db8::/32`, or one address. Write IPv6 in quotes inside `[...]` |
| number prefix | the first digits of a telephone number: `"+49"`, `"0900"`. In quotes |
| list | `[a, b]`, or a line `- a` for each entry |
| mapping | `{key: value}`, or a line `key: value` for each entry |
| file | a name with a `/`, relative to the directory of the policy. One entry a line; `#` begins a comment |
"""


def head(title, source):
    return f"<!-- {MADE.format(source=source)} -->\n# {title}\n\n"


# --- Markdown --------------------------------------------------------------------------------------

def key_block(key):
    lines = [f"### `{key.path}`", ""]
    lines += [key.text, ""]
    lines.append(f"- Type: {key.type}")
    lines.append(f"- Default: {key.default or 'see below'}")
    lines.append(f"- Example: `{key.path.rpartition('.')[2]}: {key.example}`")
    if key.reasons:
        links = ", ".join(f"[`{name}`](reasons.md#{name})" for name in key.reasons)
        lines.append(f"- Reasons: {links}")
    return "\n".join(lines) + "\n"


def policy_page(entries):
    text = head("The policy: every key", "scripts/docs/keys.txt")
    text += (
        "A policy is a YAML file. A key that is not known is an error, with its place and the "
        "nearest key that is known. `sipward check POLICY` reads a policy and touches nothing. "
        "`scripts/policies/` has policies to begin with. Aliases, anchors and tags are refused.\n\n"
        "A `.` in the title of a key means: in the mapping. `[]` means: in each entry of the list. "
        "`zones[].rates.zone` is written so:\n\n"
        "    zones:\n      - name: carrier-a\n        sources: [203.0.113.0/24]\n"
        "        rates: {zone: 2000/s}\n\n"
        "`sipward tune` changes limits and modes on the running system. Its keys have the zone's "
        "name in place of `zones[]`: `carrier-a.rates.zone`.\n\n"
        "## Types\n\n" + TYPES + "\n")
    for entry in entries:
        if isinstance(entry, Key):
            if entry.copied:
                continue
            text += key_block(entry) + "\n"
            if entry.like:
                text += f"Its keys are those of [`{entry.like}`](#{entry.like}).\n\n"
            continue
        text += f"## {entry.title}\n\n{entry.text}\n\n"
        if entry.reasons:
            links = ", ".join(f"[`{name}`](reasons.md#{name})" for name in entry.reasons)
            text += f"Reasons: {links}\n\n"
    return text.rstrip("\n") + "\n"


def reasons_page(reasons, entries):
    keys = {}
    for entry in entries:
        if isinstance(entry, Key) and not entry.copied:
            for name in entry.reasons:
                keys.setdefault(name, []).append(entry.path)
    text = head("Reasons", "include/sipward/reasons.def")
    text += (
        f"Why a packet was dropped, or is counted as would-drop. There are {len(reasons)} reasons. A reason "
        "never changes its name. `sipward stats`, `sipward events`, `/metrics` and the policy's "
        "key `shadow` use these names. `sipward explain FILE` shows the reason of a captured "
        "packet, and the line that it is about.\n\n"
        "A rule in `shadow`, in a zone in monitor mode or with `report` is would-drop: counted under the same "
        "name, and the packet passes.\n\n")
    group = None
    for reason in reasons:
        if reason.group != group:
            group = reason.group
            text += f"## {group[0].upper()}{group[1:]}\n\n"
        text += f"### {reason.name}\n\nDropped: {reason.text}.\n\n"
        text += f"- Rule: {reason.rule}\n- Threat: `{reason.threat}`\n"
        if reason.profile:
            text += "- Sanity profile: " + {
                "DEFAULT": "default and strict", "STRICT": "strict",
                "FORMAL": "strict; not in a message that ends or carries on a call",
            }[reason.profile] + "\n"
        if reason.name in keys:
            text += "- Keys: " + ", ".join(
                f"[`{path}`](policy.md#{anchor(path)})" for path in keys[reason.name]) + "\n"
        text += "\n"
    return text.rstrip("\n") + "\n"


def anchor(title):
    """As GitHub makes them of a title."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def metrics_page(metrics):
    text = head("Metrics", "user/export/metrics.c or scripts/docs/metrics.txt")
    text += (
        "The agent serves these at `http://127.0.0.1:9538/metrics` "
        "(`metrics: {listen: ADDRESS:PORT}` of the policy). No label ever holds an address. "
        "Counters outlive reloads, restarts and crashes of the agent where they are kept in the "
        "kernel: packets, drops and messages. `scripts/prometheus/sipward.rules.yml` has alerts, "
        "`scripts/grafana/sipward.json` is a dashboard to import.\n\n")
    for name, kind, labels, told, advice in metrics:
        text += f"## {name}\n\n{told.rstrip('.')}. {advice}\n\n- Type: {kind}\n"
        text += f"- Labels: {labels or 'none'}\n\n"
    return text.rstrip("\n") + "\n"


def commands_page(commands):
    text = head("Commands", "user/cli/")
    text += ("What `sipward COMMAND --help` prints. Options may stand anywhere behind the command; "
             "behind `--` there are none. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong "
             "policy, 4 missing privilege, 5 interface missing, down, or taken by another program, "
             "6 sipward is not running.\n\n"
             "Every command that prints has `-j` for JSON; `events` and `explain` print an object "
             "a line. Text that others wrote, such as notes and names of files, is printed as "
             "UTF-8, and what a terminal would obey as `\\xNN`. Output that cannot be written is "
             "an error.\n\n")
    for command in commands:
        text += f"## {command.name}\n\n{command.summary[0].upper()}{command.summary[1:]}.\n\n"
        text += "```text\n" + command.help.rstrip("\n") + "\n```\n\n"
    return text.rstrip("\n") + "\n"


# --- man pages -------------------------------------------------------------------------------------

def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def prose(text):
    """Markdown's `code` and links, for troff; each sentence on a line of its own."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    parts = re.split(r"`([^`]+)`", text)
    out = "".join(f"\\fB{escape(part)}\\fR" if i % 2 else escape(part)
                  for i, part in enumerate(parts))
    out = re.sub(r"(?<=[.:?]) +(?=[A-Z\\])", "\n", out)
    return re.sub(r"^([.'])", r"\\&\1", out, flags=re.M)


def man_head(title, section, version):
    # The date would make each day's page another one.
    return (f'.\\" SPDX-License-Identifier: GPL-2.0-only\n'
            f'.\\" Made by `make docs`.\n'
            f'.TH {title} {section} 2026-11-30 "sipward {version}"\n')


def verbatim(text):
    return ".nf\n" + re.sub(r"^$", " ", escape(text.rstrip("\n")), flags=re.M) + "\n.fi\n"


def man_sipward(commands, frame, version):
    """The frame has a line @COMMANDS@ where the help texts go."""
    text = ""
    for command in commands:
        text += f".SS {command.name}\n{prose(sentence(command.summary))}\n.PP\n"
        text += verbatim(command.help)
    return man_head("SIPWARD", 8, version) + frame.replace("@COMMANDS@\n", text)


def sentence(text):
    return text[0].upper() + text[1:] + "."


def man_policy(entries, example, version):
    text = man_head("SIPWARD.YAML", 5, version)
    text += (".SH NAME\nsipward.yaml \\- the policy of sipward(8)\n.SH DESCRIPTION\n"
             "A policy is a YAML file.\n"
             "A key that is not known is an error.\n"
             ".B sipward check\nreads a policy and touches nothing.\n.PP\n"
             "A point in the name of a key means: in the mapping.\n"
             "Brackets mean: in each entry of the list.\n.SH TYPES\n")
    for row in TYPES.split("\n")[2:-1]:
        name, how = [cell.strip() for cell in row.strip("|").split("|")]
        text += f".TP\n.B {name}\n{prose(how)}.\n"
    for entry in entries:
        if not isinstance(entry, Key):
            text += f".SH {entry.title.upper()}\n{prose(entry.text)}\n"
            if entry.reasons:
                text += ".PP\n" + prose("Reasons: " + ", ".join(entry.reasons) + ".") + "\n"
            continue
        if entry.copied:
            continue
        text += f".TP\n.B {escape(entry.path)}\n{prose(entry.text)}\n"
        facts = f"Type: {entry.type}. Default: {entry.default or 'see below'}."
        if entry.reasons:
            facts += f" Reasons: {', '.join(entry.reasons)}."
        if entry.like:
            facts += f" Its keys are those of `{entry.like}`."
        text += ".br\n" + prose(facts) + "\n.br\nExample: "
        name = entry.path.rpartition(".")[2]
        text += f"\\fB{escape(name + ': ' + entry.example)}\\fR\n"
    text += ".SH EXAMPLE\n.RS\n" + verbatim(example) + ".RE\n"
    text += ".SH SEE ALSO\n.BR sipward (8)\n"
    return text


# --- completion ------------------------------------------------------------------------------------

def words_of(command):
    short = [letter for letter, _ in command.options.values() if letter]
    return sorted(command.options) + sorted(short)


FILES = {"check": "policy", "diff": "policy", "apply": "policy", "explain": "any",
         "capture": "any", "audit": None}


def bash(commands):
    names = " ".join(command.name for command in commands)
    text = ("# SPDX-License-Identifier: GPL-2.0-only\n# shellcheck shell=bash\n#\n"
            "# Completion of sipward's commands, made by `make docs` from their help texts.\n\n"
            "_sipward_words() { # WORDS: those that begin with what is typed\n"
            "\tlocal word\n"
            "\tCOMPREPLY=()\n"
            "\twhile read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen \"$@\" -- "
            "\"${COMP_WORDS[COMP_CWORD]}\")\n"
            "}\n\n"
            "_sipward_interfaces() {\n"
            "\tlocal path names=()\n"
            "\tfor path in /sys/class/net/*; do names+=(\"${path##*/}\"); done\n"
            "\tprintf '%s ' \"${names[@]}\"\n"
            "}\n\n"
            "_sipward() {\n"
            "\tlocal command=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
            "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
            f"\t\t_sipward_words -W \"{names} --help --version\"\n"
            "\t\treturn\n\tfi\n"
            "\tcase $before in\n"
            "\t-i | --interface) _sipward_words -W \"$(_sipward_interfaces)\"; return ;;\n"
            "\t--vectors) _sipward_words -d; return ;;\n"
            "\t--format) _sipward_words -W \"md html json\"; return ;;\n"
            "\t--transport) _sipward_words -W \"udp tcp\"; return ;;\n"
            "\t-p | --policy) _sipward_words -f; return ;;\n"
            "\t--confirm | --count | --for | --from | --note | --since | --source | --zone | --user) return ;;\n"
            "\tesac\n"
            "\tcase $command in\n")
    for command in commands:
        text += f"\t{command.name}) words=\"{' '.join(command.verbs + words_of(command))}\" ;;\n"
    files = " | ".join(name for name in FILES if FILES[name])
    return text + ("\tesac\n"
                   f"\tcase $command,${{COMP_WORDS[COMP_CWORD]}} in\n"
                   "\t*,-*) ;;\n"
                   f"\t{files.replace(' | ', ',* | ')},*) _sipward_words -f; return ;;\n"
                   "\tesac\n"
                   "\t_sipward_words -W \"$words\"\n"
                   "}\n\n"
                   "complete -o filenames -F _sipward sipward\n")


def zsh_text(text):
    return re.sub(r"([\[\]:'])", lambda m: {"'": "’"}.get(m[1], "\\" + m[1]), text)


def zsh(commands):
    text = ("#compdef sipward\n# SPDX-License-Identifier: GPL-2.0-only\n#\n"
            "# Completion of sipward's commands, made by `make docs` from their help texts.\n\n"
            "_sipward_commands() {\n\tlocal -a commands=(\n")
    for command in commands:
        text += f"\t\t'{command.name}:{zsh_text(command.summary)}'\n"
    text += ("\t)\n\t_describe command commands\n}\n\n"
             "_sipward() {\n\tlocal -a words_of\n"
             "\tif (( CURRENT == 2 )); then _sipward_commands; return; fi\n"
             "\tcase $words[CURRENT-1] in\n"
             "\t-i|--interface) _net_interfaces; return ;;\n"
             "\t--format) compadd md html json; return ;;\n"
             "\t--transport) compadd udp tcp; return ;;\n"
             "\t-p|--policy|--vectors) _files; return ;;\n"
             "\t--confirm|--count|--for|--from|--note|--since|--source|--zone|--user) return ;;\n"
             "\tesac\n\tcase $words[2] in\n")
    for command in commands:
        text += f"\t{command.name}) words_of=({' '.join(command.verbs + words_of(command))}) ;;\n"
    files = "|".join(name for name in FILES if FILES[name])
    return text + ("\tesac\n"
                   f"\tif [[ $words[2] == ({files}) && $words[CURRENT] != -* ]]; then "
                   "_files; return; fi\n"
                   "\tcompadd -- $words_of\n}\n\n"
                   "_sipward \"$@\"\n")
