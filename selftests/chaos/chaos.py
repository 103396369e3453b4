# SPDX-License-Identifier: GPL-2.0-only
"""Each command of sipward, with a kill or a failing step at each of its points.

chaos.py BINARY DIRECTORY CLIENT-NAMESPACE WORKER/WORKERS [SCENARIO...]

CHAOS_POINT=N in the environment runs that one point only.
"""
import os
import signal
import subprocess
import sys
import time

from world import IFACES, Lost, World, must, wait_until

OTHER = {"a": "b", "b": "a"}


class Scenario:
    """Runs once(number, kind) for every number until one run ends before it came to that point.
    Of several workers each takes its share of the numbers."""

    kinds = ("kill", "error")
    last = None       # the name of the last point that matters
    begin = None      # the point from which on they are counted; None: from the first

    def __init__(self, world, worker, workers):
        self.world, self.worker, self.workers = world, worker, workers
        self.failed = self.runs = 0
        self.over = False
        self.seen = {}

    def fault(self, number, kind):
        return number, kind, self.begin

    def again(self):
        """The world as once() wants it, whatever became of it."""

    def one(self, number, kind):
        """False when the run ended before it came to the point."""
        self.runs += 1
        try:
            self.once(number, kind)
        except (Lost, OSError, subprocess.SubprocessError, ValueError, KeyError) as why:
            name = self.world.reached(number) or self.seen.get(number) or "?"
            print(f"not ok chaos, {self.name}: point {number} ({name}), {kind} - "
                  f"{type(why).__name__}: {why}; the agent's last words: "
                  f"{self.world.last_words()}", flush=True)
            self.failed += 1
            self.again()
            return True
        return number in self.seen and not self.over

    def note(self, number):
        """Call when the faulty run is over: was the point reached?"""
        points = self.world.all_points()
        # The last one may be another worker's.
        self.over |= self.last in [points[n] for n in points if n <= number]
        if number in points:
            self.seen[number] = points[number]
        return number in points

    def run(self):
        only = int(os.environ.get("CHAOS_POINT", 0))
        self.again()
        number = only or 1 + self.worker
        while self.failed < 8:
            if not all([self.one(number, kind) for kind in self.kinds]) or only:
                break
            number += self.workers
        if not self.seen and not self.worker and not self.failed:
            print(f"not ok chaos, {self.name} - it came to no point: is it a test build?")
            self.failed = 1
        if not self.failed:
            print(f"ok chaos, {self.name}: {len(self.seen)} points, {self.runs} runs "
                  f"(worker {self.worker + 1} of {self.workers})", flush=True)
        return not self.failed


class First(Scenario):
    """The first start after a reboot, with a saved state on the disk."""
    name = "first start, restore"

    def once(self, number, kind):
        w = self.world
        w.blank()
        ready = w.start("a", self.fault(number, kind))
        if kind == "kill" and self.note(number):
            must(not ready and w.ended() == -signal.SIGKILL, "it was not killed")
            w.saved.check(w.bans, w.known)
            w.status()
            if os.path.exists("/sys/fs/bpf/sipward/bans"):
                w.check_whole(False)
        elif self.note(number) and not ready:
            must(w.ended() > 0, "it failed with exit code 0")
            w.nothing_attached()
            must(w.status() is None, "a start that failed leaves state")
        else:
            # A state that cannot be read now is read a second later.
            if w.said("not restored yet"):
                wait_until("the second try", lambda: w.said("are restored"))
            w.check("a")
        w.kill()
        w.must_start("a")
        w.packets = [w.counted(iface) for iface in IFACES]
        w.check("a")
        w.saved.check(w.bans, w.known)
        w.kill()
        w.detach()


class Start(Scenario):
    """A start over what an agent left, with another policy and tables of other sizes."""
    name = "start, resize"

    def again(self):
        self.world.fresh("a")
        self.world.kill()
        self.now = "a"

    def once(self, number, kind):
        w, target = self.world, OTHER[self.now]
        before = w.programs()
        ready = w.start(target, self.fault(number, kind))
        reached = self.note(number)
        if kind == "kill" and reached:
            must(not ready and w.ended() == -signal.SIGKILL, "it was not killed")
            w.check_without_agent()
        elif reached and not ready:
            must(w.ended() > 0, "it failed with exit code 0")
            must(w.programs() == before, "a start that failed changed what runs")
            must(w.running() == dict.fromkeys(IFACES, self.now), "it changed the policy")
            w.check_whole(True)
            w.turn_a_ban()
        else:
            w.check(target)
            w.turn_a_ban()
        w.kill()
        self.now = target if number // 2 % 2 else self.now
        w.must_start(self.now)
        w.check(self.now)
        w.kill()


class Recover(Start):
    """A start after a start that was killed between the swaps of two interfaces: each of them has
    its own tables then."""
    name, point, last = "start after a kill in the swap", ("swap: a program", 2), None

    def again(self):
        super().again()
        self.world.start("b", (0, "kill", None))
        self.world.kill()
        names = self.world.all_points()
        self.at = [n for n in names if names[n] == self.point[0]][self.point[1] - 1]
        self.world.must_start("a")
        self.world.kill()

    def once(self, number, kind):
        w, target = self.world, OTHER[self.now]
        must(not w.start(target, (self.at, "kill", None)), "it was not killed")
        w.check_without_agent()
        began = target if number // 4 % 2 else self.now
        ready = w.start(began, self.fault(number, kind))
        if self.note(number) and kind == "kill":
            must(not ready and w.ended() == -signal.SIGKILL, "it was not killed")
            w.check_without_agent()
        elif not ready:
            must(w.ended() > 0, "it failed with exit code 0")
            w.check_without_agent()
        else:
            w.check(began)
            w.turn_a_ban()
        w.kill()
        self.now = target if number // 2 % 2 else self.now
        w.must_start(self.now)
        w.check(self.now)
        w.kill()


class RecoverAll(Recover):
    """Likewise, after the swap: all use the new tables, and the old ones are pinned. Behind the
    recovery itself there is nothing new."""
    name, point = "start after a kill behind the swap", ("settle", 1)
    last = "start: follow the policy"


class RecoverNames(RecoverAll):
    """Likewise, when half of the tables have their names."""
    name, point = "start after a kill in the renaming", ("finish: rename a table", 10)


class Apply(Scenario):
    """sipward apply, with other tables; `stop` holds the agent at the point, while bans are made
    and taken out."""
    name, begin, kinds = "apply, resize", "apply", ("kill", "error", "stop")

    def again(self):
        self.world.fresh("a")
        self.world.kill()

    def once(self, number, kind):
        w = self.world
        must(w.start("a", self.fault(number, kind)), "it does not start")
        w.check("a")
        if kind == "stop":
            done = self.apply_and_stop(number)
        else:
            done = w.sipward("apply", w.policies["b"], keep=True)
        if self.note(number) and kind == "kill":
            must(done.returncode, "apply says that it went well")
            must(w.ended() == -signal.SIGKILL, "it was not killed")
            w.check_without_agent()
        else:
            must(w.agent.poll() is None, "the agent ended")
            must(kind == "error" or done.returncode == 0, f"apply: {done.stderr}")
            self.settled(done)
            w.check("b" if done.returncode == 0 else "a")
            w.turn_a_ban()
        w.kill()
        w.must_start("a")
        w.check("a")
        w.kill()

    def settled(self, done):
        """The answer comes before the tables are all in their place, perhaps."""
        if done.returncode == 0:
            wait_until("the end of the apply", lambda: not self.world.pinned()[1])

    def apply_and_stop(self, number):
        w = self.world
        command = subprocess.Popen([w.binary, "apply", w.policies["b"]], env=w.env, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until("the point", lambda: command.poll() is not None or w.is_stopped(w.agent))
        if w.reached(number):
            w.turn_a_ban()
            w.agent.send_signal(signal.SIGCONT)
        out, err = command.communicate(timeout=20)
        return subprocess.CompletedProcess([], command.returncode, out, err)


class Confirm(Scenario):
    """sipward confirm, after apply --confirm."""
    name, begin = "confirm", "confirm"

    def again(self):
        self.world.fresh("a")
        self.world.kill()

    def once(self, number, kind):
        w = self.world
        must(w.start("a", self.fault(number, kind)), "it does not start")
        got = w.sipward("apply", "--confirm", "1h", w.policies["b"], keep=True)
        must(got.returncode == 0, f"apply: {got.stderr}")
        got = w.sipward("confirm", keep=True)
        if self.note(number):
            must(got.returncode, "confirm says that it went well")
        if w.agent.poll() is None:
            w.check("b")
        else:
            w.check_without_agent()
        w.kill()
        w.must_start("a")
        w.check("a")
        w.kill()


class GoBack(Confirm):
    """Nobody confirms."""
    name, begin, kinds = "going back", "go back", ("kill",)

    def once(self, number, kind):
        w = self.world
        must(w.start("a", self.fault(number, kind)), "it does not start")
        got = w.sipward("apply", "--confirm", "1ms", w.policies["b"], keep=True)
        must(got.returncode == 0, f"apply: {got.stderr}")
        wait_until("going back", lambda: w.agent.poll() is not None or w.said("was not confirmed in time"))
        if self.note(number):
            must(w.ended() == -signal.SIGKILL, "it was not killed")
            w.check_without_agent()
        else:
            wait_until("the end of it", lambda: not w.pinned()[1])
            w.check("a")
        w.kill()
        w.must_start("a")
        w.check("a")
        w.kill()


class Stop(Scenario):
    """SIGTERM: saves, takes the programs off."""
    name, begin = "stop, save", "stop"
    more = ()

    def again(self):
        self.world.fresh("a")
        self.world.kill()

    def once(self, number, kind):
        w = self.world
        must(w.start("a", self.fault(number, kind), self.more), "it does not start")
        w.check("a")
        w.turn_a_ban()
        w.agent.send_signal(signal.SIGTERM)
        status = w.ended()
        if self.note(number) and kind == "kill":
            must(status == -signal.SIGKILL, "it was not killed")
        elif kind == "error":
            must(status in (0, 1), f"it ended with {status}")
        else:
            must(status == 0, f"it ended with {status}")
            w.saved.check(w.bans, w.known)
        self.left(number)
        w.must_start("a")
        w.check("a")
        w.kill()

    def left(self, number):
        w = self.world
        must(w.status() is not None, "status finds nothing")
        if number not in self.seen:
            w.nothing_attached()
        w.check_whole(True)


class StopKeep(Stop):
    """Likewise, and leaves them on."""
    name, more = "stop --keep, save", ("--keep",)

    def left(self, number):
        self.world.check_without_agent()


class Save(Scenario):
    """The state is saved while the agent runs, once a second."""
    name, begin, last = "save", "save: read the tables", "save: rename the file"

    def again(self):
        self.world.fresh("c")
        self.world.kill()

    def once(self, number, kind):
        w = self.world
        must(w.start("c", self.fault(number, kind)), "it does not start")
        wait_until("the point", lambda: w.reached(number))
        self.note(number)
        if kind == "kill":
            must(w.ended() == -signal.SIGKILL, "it was not killed")
        else:
            wait_until("the next save", lambda: w.reached(number + 4))
            w.check("c")
        w.kill()
        w.saved.check(w.bans, w.known)
        w.must_start("c")
        w.check("c")
        w.kill()


class Reload(Scenario):
    """SIGHUP before the start is over: it waits, and is no end."""
    name, kinds, last = "SIGHUP during the start", ("stop",), "start: open the state"

    def again(self):
        self.world.fresh("a")
        self.world.kill()

    def once(self, number, kind):
        w = self.world

        def send(agent):
            wait_until("the point", lambda: w.is_stopped(agent))
            agent.send_signal(signal.SIGHUP)
            agent.send_signal(signal.SIGCONT)
        must(w.start("a", self.fault(number, kind), meanwhile=send), "SIGHUP ended it")
        must(self.note(number), "it did not come to the point")
        wait_until("the reload", lambda: w.said("policy reloaded"))
        w.check("a")
        w.kill()


class Detach(Scenario):
    """sipward detach, which takes everything off and away."""
    name = "detach"

    def once(self, number, kind):
        w = self.world
        w.blank()
        w.must_start("a")
        w.kill()
        got = w.sipward("detach", "--yes", fault=self.fault(number, kind))
        if self.note(number):
            must(got.returncode, "detach says that it went well")
            if number // 2 % 2:
                w.status()
                w.must_start("b")
                w.packets = [w.counted(iface) for iface in IFACES]
                w.check("b")
                w.kill()
        w.status()
        w.detach()


SCENARIOS = (First, Start, Recover, RecoverAll, RecoverNames, Apply, Confirm, GoBack, Stop,
             StopKeep, Save, Reload, Detach)


def main():
    binary, directory, client, share, *names = sys.argv[1:]
    worker, workers = map(int, share.split("/"))
    world = World(binary, directory, client)
    good = True
    try:
        world.learn()
        for kind in SCENARIOS:
            if names and kind.__name__.lower() not in names:
                continue
            began = time.monotonic()
            good &= kind(world, worker, workers).run()
            print(f"# {kind.name}: {time.monotonic() - began:.0f} s", flush=True)
    finally:
        world.kill()
        world.sipward("detach", "--yes")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
