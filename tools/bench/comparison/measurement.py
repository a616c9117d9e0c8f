"""Runs scenarios in turn, and keeps every run's figures."""

import json
import os
import resource
import statistics
import subprocess
import sys

from comparison.servers import Server


class Failed(Exception):
    """The generator could not make its load."""


def busy_seconds():
    """Processor time that this machine has spent on anything."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = list(map(int, file.readline().split()[1:]))
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")


def seconds_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Measurement:
    """The runs of a comparison. `runs` is what is written as JSON: one entry for each scenario, entrant and round."""

    def __init__(self, build, generator_cores, seconds, warmup, drain, say=sys.stderr):
        self.generator = ["taskset", "-c", ",".join(map(str, generator_cores)), os.path.join(build, "bin/omnibroker"),
                          "bench", "--json"]
        self.seconds, self.warmup, self.drain, self.say = seconds, warmup, drain, say
        self.runs = []

    def run(self, scenario, entrant, number):
        """One scenario on one server, started for it."""
        words = [*scenario.words, *entrant.words, "--seconds", scenario.seconds or self.seconds, "--warmup",
                 min(self.warmup, scenario.warmup), "--drain", self.drain]
        with entrant.server() as server:
            words += ["--url", server.url, "--server-pid", server.pid]
            if server.dialect != "gateway":
                words += ["--dialect", server.dialect]
            busy, used, own = busy_seconds(), seconds_of(server.pid), children_seconds()
            done = subprocess.run([*self.generator, *map(str, words)], capture_output=True, text=True, check=False,
                                  **Server.precedence())
            if not done.stdout.startswith("{"):
                raise Failed(f"{scenario.key}, {entrant.name}: {done.stderr.strip()}\n{server.log()}")
            result = json.loads(done.stdout)
            others = busy_seconds() - busy - (seconds_of(server.pid) - used) - (children_seconds() - own)
        self.runs.append({"scenario": scenario.key, "server": entrant.name, "round": number,
                          "others_cpu_s": round(max(0.0, others), 2), "result": result})
        print(f"  {scenario.key:18} {entrant.name:26} {brief(result)}", file=self.say, flush=True)

    def start_times(self, start, count, number):
        for _ in range(count):
            took = start.milliseconds()
            self.runs.append({"scenario": "start", "server": "omnibroker", "round": number, "others_cpu_s": 0,
                              "result": {"start_ms": took}})
        print(f"  {'start':18} {'omnibroker':26} {took:.0f} ms", file=self.say, flush=True)


def brief(result):
    server = result.get("server", {})
    latency = result["latency_us"]["p99"] / 1000
    return (f"{server.get('cpu_us_per_delivery', 0):8.3f} us  {result['deliveries_per_s']:11,.0f}/s  p99 {latency:8.2f} ms  "
            f"lost {result['lost']}")


class Figures:
    """What the runs say together: medians over the rounds, and ratios that are taken within each round."""

    def __init__(self, runs):
        self.runs = runs

    def values(self, scenario, server, figure):
        """The figure in each round in which it was measured, by round; several in one round become their median."""
        rounds = {}
        for run in self.runs:
            if (run["scenario"], run["server"]) == (scenario, server):
                value = run["result"]
                for part in figure.split("."):
                    value = value.get(part) if isinstance(value, dict) else None
                if value is not None:
                    rounds.setdefault(run["round"], []).append(float(value))
        return {number: statistics.median(values) for number, values in rounds.items()}

    def median(self, scenario, server, figure):
        values = self.values(scenario, server, figure)
        return statistics.median(values.values()) if values else None

    def ratio(self, one, other):
        """The median of `one` / `other`, each (scenario, server, figure), over the rounds that have both."""
        ones, others = self.values(*one), self.values(*other)
        ratios = [ones[number] / others[number] for number in ones if others.get(number)]
        return statistics.median(ratios) if ratios else None

    def worst(self, scenario, server, figure):
        values = self.values(scenario, server, figure)
        return max(values.values()) if values else None

    def servers(self, scenario):
        return list(dict.fromkeys(run["server"] for run in self.runs if run["scenario"] == scenario))
