# SPDX-License-Identifier: GPL-2.0-only
"""One server with two interfaces, a client, and sipward on it: how to run it, what must be true of
it, and what must never be lost."""
import hashlib
import ipaddress
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
import zlib

import kernel

IFACES = ("eth0", "eth1")
PINS = "/sys/fs/bpf/sipward"
# Three policies: a; b with other lists and tables; and c, which is a and saves every second.
GOOD, BANNED, DENIED = 2, 66, {"a": 3, "b": 4, "c": 3} # last octets of the client's addresses
SIZES = {"a": 64, "b": 128, "c": 64}                   # of every table
TABLES = ("bans", "known", "sources", "prefixes", "proofs", "branches", "greylist", "openings",
          "dialogs", "loops", "dialers", "fragments")
# Maps that have that size; the others hold four entries a line, or two for each known endpoint.
SIZED = ("bans", "known", "known_cells", "authenticated", "proofs", "sent_tags", "branches",
         "greylist", "openings", "dialogs", "transactions", "asks", "loops", "dialers", "fragments",
         "other_fragments")
HOUR = 3600 * 10**9
NAME_SEEN = 15   # octets of a map's name that the kernel keeps
PATIENCE = 20    # seconds, for whatever should take a moment


class Lost(Exception):
    """What should be true is not."""


def must(what, why):
    if not what:
        raise Lost(why)


def wait_until(what, condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        must(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(0.003)


def address(text):
    return b"\0" * 10 + b"\xff\xff" + ipaddress.IPv4Address(text).packed


def source(text, port=0):
    return address(text) + struct.pack("!H", port) + bytes((32, 0))


class Saved:
    """What is on the disk for the time after a reboot."""

    def __init__(self, path):
        self.path = path

    def write(self, bans, known):
        now = int(time.time())
        lines = ["sipward-state 1", f"written {now}"]
        lines += [f"known {addr} {port} 0 64 good 7 {now - 500} {now - 5}" for addr, port in known]
        lines += [f"ban {addr} ban 0 0 3 {now - 50} never {note}" for addr, note in bans.items()]
        text = "\n".join(lines) + "\n"
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, "w", encoding="ascii") as file:
            os.chmod(self.path, 0o600)
            file.write(text + f"sha256 {hashlib.sha256(text.encode()).hexdigest()}\n")

    def check(self, bans, known):
        with open(self.path, encoding="ascii") as file:
            text = file.read()
        body, _, last = text.strip().rpartition("\n")
        body = (body + "\n").encode()
        sums = f"sha256 {hashlib.sha256(body).hexdigest()}", f"crc32 {zlib.crc32(body):08x}"
        must(last in sums, "the saved file is damaged")
        body = body.decode()
        found = {line.split()[1] for line in body.splitlines() if line.startswith("ban ")}
        must(found >= set(bans), f"the saved file lost bans: it has {found}")
        found = {tuple(line.split()[1:3]) for line in body.splitlines() if line[:6] == "known "}
        must(found >= {(a, str(p)) for a, p in known}, "the saved file lost known endpoints")


class World:
    def __init__(self, binary, directory, client):
        self.binary, self.directory = binary, directory
        self.run_dir = directory + "/run"
        self.points = directory + "/points"
        self.log = directory + "/log"
        self.env = dict(os.environ, SIPWARD_BPF_DIR=PINS, SIPWARD_RUN_DIR=self.run_dir)
        self.agent = None
        self.saved = Saved(directory + "/lib/state")
        self.policies = {name: self.write_policy(name) for name in "abc"}
        self.hashes = {}
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        kernel.enter_network(client)
        self.senders = {(i, host): self.socket(f"10.9.{i}.{host}", 5061)
                        for i in range(2) for host in (GOOD, BANNED, 3, 4)}
        kernel.enter_network(f"/proc/self/fd/{here}")
        self.servers = [self.socket(f"10.9.{i}.1", 5060) for i in range(2)]
        for server in self.servers:
            server.settimeout(PATIENCE)
        self.forget()

    @staticmethod
    def socket(host, port):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((host, port))
        return one

    def write_policy(self, name):
        path, every = f"{self.directory}/{name}.yaml", "1s" if name == "c" else "1h"
        with open(path, "w", encoding="ascii") as file:
            file.write("version: 1\nservices: [{transport: udp, port: 5060}]\nmode: enforce\n"
                       "interfaces: [eth0, eth1]\nmetrics: {listen: off}\nzones:\n  - name: public\n"
                       "    newcomers: {rate: 1000/s, probe: off}\n"
                       f"  - name: only-{name}\n    sources: [198.51.100.0/24]\n"
                       f"lists: {{deny: [10.9.0.{DENIED[name]}, 10.9.1.{DENIED[name]}]}}\n"
                       f"state: {{save: {self.saved.path}, every: {every}}}\n")
            file.write("tables: {" + ", ".join(f"{t}: {SIZES[name]}" for t in TABLES) + "}\n")
        return path

    # --- what must survive ---

    def forget(self):
        """What is to be there after a start from the saved file alone."""
        self.bans = {f"10.9.{i}.{BANNED}": "rude" for i in range(2)}
        self.bans.update({f"192.0.2.{i}": f"number {i}" for i in range(1, 6)})
        self.known = {(f"{20 + i}.51.100.{i}", 5060 + i) for i in range(1, 21)}
        self.packets = [0, 0]
        self.limits = {}

    def map(self, name):
        return kernel.Map.pinned(f"{PINS}/{name}")

    def set_limits(self):
        """As if senders had spent what they may, long into the future."""
        later = time.monotonic_ns() + 1000 * HOUR
        self.limits = {
            ("zone_cells", struct.pack("=I", 0)): struct.pack("=8Q", *range(later, later + 8)),
            ("ceilings", struct.pack("=I", 0)): struct.pack("=32Q", *range(later, later + 32)),
            ("service_cells", struct.pack("=I", 0)): struct.pack("=8Q", *range(later, later + 8)),
        }
        size = self.map("known_cells").value_size
        self.limits["known_cells", source("21.51.100.1", 5061)] = \
            struct.pack(f"={size // 8}Q", *range(later, later + size // 8))
        for (name, key), value in self.limits.items():
            self.map(name).set(key, value)

    def check_kept(self):
        bans = {k[:16]: v for k, v in self.map("bans").dump().items()}
        must(set(bans) == {address(text) for text in self.bans},
             f"bans: {len(bans)} are there, {len(self.bans)} should be")
        for text, note in self.bans.items():
            got = bans[address(text)][32:].split(b"\0")[0].decode()
            must(got == note, f"the ban of {text} has the note '{got}', it was '{note}'")
        known = {k[:18]: v for k, v in self.map("known").dump().items()}
        must(set(known) == {source(a, p)[:18] for a, p in self.known},
             f"known endpoints: {len(known)} are there, {len(self.known)} should be")
        must(all(v[19] == 2 for v in known.values()), "a known endpoint lost its grade")
        for (name, key), value in self.limits.items():
            must(self.map(name).get(key) == value, f"a limit in {name} is not what it was")
        for i, iface in enumerate(IFACES):
            must(self.counted(iface) == self.packets[i],
                 f"{iface}: {self.counted(iface)} packets are counted, {self.packets[i]} were sent")

    def counted(self, iface):
        counters = self.map(f"if:{iface}/counters")
        cpus = kernel.LIB.libbpf_num_possible_cpus()
        words = counters.value_size // 8
        total = 0
        for key in counters.keys():
            value = struct.unpack(f"={cpus * words}Q", counters.get(key, cpus))
            for cpu in range(cpus):
                total += sum(value[cpu * words:cpu * words + 256])
        return total

    # --- sipward ---

    def sipward(self, *args, fault=None, keep=False):
        """Runs a command; `keep` keeps what an agent noted of its points."""
        env = self.env if keep or not fault else dict(self.env, **self.fault_env(fault))
        return subprocess.run([self.binary, *args], env=env, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def fault_env(self, fault):
        if os.path.exists(self.points):
            os.unlink(self.points)
        if not fault:
            return {}
        number, kind, begin = fault
        env = {"SIPWARD_FAULT": f"{number}:{kind}", "SIPWARD_FAULT_LOG": self.points}
        return dict(env, SIPWARD_FAULT_FROM=begin) if begin else env

    def all_points(self):
        """The names of the points that the run came to, by number."""
        if not os.path.exists(self.points):
            return {}
        with open(self.points, encoding="ascii") as file:
            lines = [line.strip().split(" ", 1) for line in file]
        return {int(number): name for number, name in lines}

    def reached(self, number):
        """The name of the point, or None when the run ended before it."""
        return self.all_points().get(number)

    def said(self, text):
        with open(self.log, encoding="utf8") as file:
            return text in file.read()

    @staticmethod
    def is_stopped(agent):
        with open(f"/proc/{agent.pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(") ")[2][0] == "T"

    def start(self, policy, fault=None, more=(), meanwhile=None):
        """True when it is ready, False when it ended."""
        with open(self.log, "w", encoding="utf8") as log:
            env = dict(self.env, **self.fault_env(fault))
            self.agent = subprocess.Popen([self.binary, "run", "-p", self.policies[policy], *more],
                                          env=env, stdout=log, stderr=log)
        if meanwhile:
            meanwhile(self.agent)
        wait_until("the start", lambda: self.agent.poll() is not None or
                   self.said("sipward: ready"))
        return self.agent.poll() is None

    def learn(self):
        """By what `status` says each policy has to be told."""
        for name in "abc":
            self.blank()
            self.must_start(name)
            hashes = {i["policy_hash"] for i in self.status()["interfaces"]}
            must(len(hashes) == 1, "two interfaces run two policies")
            self.hashes[hashes.pop()] = name

    def must_start(self, policy):
        must(self.start(policy), f"the next start fails: {self.last_words()}")

    def last_words(self):
        with open(self.log, encoding="utf8") as file:
            return file.read().strip().rpartition("\n")[2]

    def ended(self):
        """The exit status of the agent, which ends by itself."""
        wait_until("the end", lambda: self.agent.poll() is not None)
        return self.agent.returncode

    def kill(self, how=signal.SIGKILL):
        if self.agent and self.agent.poll() is None:
            self.agent.send_signal(how)
            self.agent.wait(PATIENCE)

    def status(self):
        got = self.sipward("status", "-j")
        must(got.returncode in (0, 1, 6), f"status: exit {got.returncode}: {got.stderr.strip()}")
        must(got.stdout, f"status says nothing: {got.stderr.strip()}")
        found = json.loads(got.stdout)
        nothing = found.get("state_trouble") and not found["interfaces"] and not found["agent"]
        return None if nothing else found

    def nothing_attached(self):
        """The kernel takes a program off a moment after the last user of its link has gone."""
        for iface in IFACES:
            must(kernel.observer_program(iface) == 0, f"{iface}: the observer is still there")
        for patience in range(40, -1, -1):
            said = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True)
            held = [link["ifname"] for link in json.loads(said.stdout) if link.get("xdp")]
            if not held:
                return
            must(patience, f"{', '.join(held)}: an XDP program is still there")
            time.sleep(0.05)

    def detach(self):
        got = self.sipward("detach", "--yes")
        must(got.returncode == 0, f"detach: exit {got.returncode}: {got.stderr.strip()}")
        must(not os.path.exists(PINS), "detach leaves pins")
        self.nothing_attached()

    def blank(self):
        """As after a reboot, with what was saved before it."""
        self.kill()
        if self.sipward("detach", "--yes").returncode:
            shutil.rmtree(PINS, ignore_errors=True)
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self.forget()
        self.saved.write(self.bans, self.known)

    def fresh(self, policy):
        """Running, with everything there that can be lost."""
        self.blank()
        self.must_start(policy)
        self.set_limits()
        self.check(policy)

    # --- what must be true ---

    def running(self):
        """By interface: the letter of the policy that its program has, or None."""
        status = self.status()
        found = {i["name"]: self.hashes.get(i.get("policy_hash"))
                 for i in (status or {}).get("interfaces", []) if i["attach"] != "none"}
        return {iface: found.get(iface) for iface in IFACES}

    def programs(self):
        all_of = {iface: kernel.link_program(f"{PINS}/if:{iface}/link") for iface in IFACES}
        all_of.update({f"observer of {i}": kernel.observer_program(i) for i in IFACES})
        return {name: program for name, program in all_of.items() if program}

    def pinned(self):
        """The ids of the maps that are pinned, and of those that are to take their place."""
        now, new = {}, {}
        for name in os.listdir(PINS):
            if not os.path.isdir(f"{PINS}/{name}"):
                to, key = (new, name[:-4]) if name.endswith("_new") else (now, name)
                to[key[:NAME_SEEN]] = self.map(name).id
        return now, new

    def check_whole(self, settled):
        """No program mixes tables. Settled: all use those that are pinned."""
        now, new = self.pinned()
        must(not (settled and new),
             f"{len(new)} new tables are still pinned, {min(new, default='')}")
        for name, program in self.programs().items():
            uses = {n: i for n, i in kernel.program_maps(program).items() if n in now}
            must("known" in uses, f"{name}: does not use what it should")
            old = [n for n in uses if uses[n] == now[n] and n in new]
            fresh = [n for n in uses if uses[n] == new.get(n) != now[n]]
            other = [n for n in uses if uses[n] not in (now[n], new.get(n))]
            must(settled or not (old and fresh),
                 f"{name}: uses {len(old)} old tables and {len(fresh)} new ones")
            must(not other, f"{name}: uses maps that are not pinned: {other}")
            must(not (settled and fresh), f"{name}: uses {len(fresh)} maps that are not pinned")

    def check_sizes(self):
        """A program has the tables that its own policy asks for."""
        for iface, policy in self.running().items():
            program = kernel.link_program(f"{PINS}/if:{iface}/link")
            if not program:
                continue
            must(policy, f"{iface}: runs neither policy")
            for name, number in kernel.program_maps(program).items():
                if name in SIZED:
                    size = kernel.Map(kernel.LIB.bpf_map_get_fd_by_id(number)).max_entries
                    must(size == SIZES[policy],
                         f"{iface}: policy {policy} with a table {name} of {size} entries")

    def check_packets(self):
        """Each interface lets through what the policy of its program says, and no banned one."""
        for i, (iface, policy) in enumerate(self.running().items()):
            must(policy, f"{iface}: nothing filters there")
            for host in (BANNED, 3, 4, GOOD):
                self.senders[i, host].sendto(b"OPTIONS %d" % host, (f"10.9.{i}.1", 5060))
            got = set()
            while GOOD not in got:
                got.add(int(self.servers[i].recv(100).split()[1]))
            self.packets[i] += 4
            must(got == {GOOD, 3, 4} - {DENIED[policy]},
                 f"{iface}: policy {policy} let through {sorted(got)}")

    def check(self, policy):
        """After a start, or an apply, that went well."""
        must(self.running() == dict.fromkeys(IFACES, policy),
             f"policy {policy} should run, but {self.running()} does")
        must(len(self.programs()) == 4, "an interface has no observer")
        self.check_whole(True)
        self.check_sizes()
        self.check_packets()
        self.check_kept()

    def check_without_agent(self):
        """Killed at any point: each interface has one whole policy, or, before the first, none."""
        self.check_whole(False)
        self.check_sizes()
        if all(self.running().values()):
            self.check_packets()
            self.turn_a_ban()

    def turn_a_ban(self):
        """A ban by hand is made, and another one taken out: in every table that a program uses."""
        gone = next(text for text in self.bans if text.startswith("192.0.2."))
        come = f"192.0.2.{(int(gone.split('.')[3]) + 100) % 250}"
        for verb, text, more in (("add", come, ["--note", "made"]), ("del", gone, [])):
            got = self.sipward("ban", verb, text, *more)
            must(got.returncode == 0, f"ban {verb}: {got.stderr.strip()}")
        self.bans[come] = "made"
        del self.bans[gone]
        for iface in IFACES:
            program = kernel.link_program(f"{PINS}/if:{iface}/link")
            bans = kernel.Map(kernel.LIB.bpf_map_get_fd_by_id(kernel.program_maps(program)["bans"]))
            must(bans.get(source(come)), f"{iface}: a ban that was made is not there")
            must(not bans.get(source(gone)), f"{iface}: a ban that was taken out is there")
