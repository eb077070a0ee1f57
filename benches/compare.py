#!/usr/bin/env python3
"""Measures impslint beside tshark, tcpdump and tcpflow, and how its cost grows; prints tables in Markdown.

  benches/compare.py [--quick] [--runs N] [--beside NAME='COMMAND {}'] [TABLE ...]

Captures are generated (`impslint craft --generate`) into a folder of their own, so that everybody measures the same.
Two commands are run in turn (A B A B ...) and their CPU seconds (user and system, children included) compared pair
by pair: on a shared machine the ratio is what to trust. Each check is also held against the truth that came
with the capture: a speed counts only where the counts are right. Tools that are not installed are left out, and that
is said. `--beside` adds a command of your own; {} is the capture.

Tables: tools, growth, sessions, rules, damage, packed, threads, tiny; all unless some are named.
"""
import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IMPSLINT = os.environ.get("IMPSLINT", os.path.join(ROOT, "target/release/impslint"))
CHECK = IMPSLINT + " check --threads 1 --format concise {}"
# One version, which other tools know by its media types.
DENSE_XML = "encoding=xml,csp=1.2,open=200,seed=11"
DENSE_WBXML = "encoding=wbxml,csp=1.2,open=200,seed=12"
NOISY = "csp=1.2,noise=0.95,open=200,seed=13"
# The filter that whoever looks for IMPS by hand begins with: the server's addresses.
FILTER = "net 192.0.2.0/24"
TOOLS = [
    ("tshark", "tshark -r {} -q -z expert"),
    ("tcpdump", "tcpdump -r {} -w /dev/null '" + FILTER + "'"),
    ("tcpflow", "tcpflow -q -r {} -o FOLDER '" + FILTER + "'"),
]


class Run:
    """What a command took."""

    def __init__(self, cpu, wall):
        self.cpu, self.wall = cpu, wall


def run(command, before=()):
    folder = tempfile.mkdtemp(prefix="flows-", dir=options.folder) if "FOLDER" in command else None
    argv = [*before, *shlex.split(command.replace("FOLDER", folder or ""))]
    null = os.open(os.devnull, os.O_RDWR)
    began = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, _, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    os.close(null)
    if folder:
        shutil.rmtree(folder)
    return Run(usage.ru_utime + usage.ru_stime, wall)


def peak(command):
    """The largest resident set in MiB, from a run of its own under GNU time: a child of ours begins with our size."""
    if not os.path.exists("/usr/bin/time"):
        return "-"
    with tempfile.NamedTemporaryFile() as told:
        run(command, ["/usr/bin/time", "-q", "-f", "%M", "-o", told.name])
        return f"{int(open(told.name).read().split()[-1]) / 1024:.1f}"


def in_turn(a, b, runs):
    """Runs of both commands, one after the other, after one of each that does not count."""
    run(a), run(b)
    pairs = [(run(a), run(b)) for _ in range(runs)]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def median(values):
    return statistics.median(values)


def ratio(a, b, what):
    """The median of the ratios pair by pair, and their range."""
    values = [getattr(x, what) / max(getattr(y, what), 1e-9) for x, y in zip(a, b)]
    return median(values), f"{median(values):.2f} ({min(values):.2f}..{max(values):.2f})"


def capture(spec, form=""):
    """The path of a generated capture; made once, and again where the generator changed its mind."""
    name = spec.replace("=", "").replace(",", "-").replace(".", "_") + ".pcap"
    path = os.path.join(options.folder, name)
    if not os.path.exists(path):
        subprocess.run([IMPSLINT, "craft", "--generate", spec, "-o", path], check=True)
    if form:
        packed = path + "." + form
        if not os.path.exists(packed):
            tool = {"gz": "gzip", "zst": "zstd", "xz": "xz", "bz2": "bzip2"}[form]
            with open(path, "rb") as source, open(packed, "wb") as sink:
                subprocess.run([tool, "-c", "-1" if form != "zst" else "-3"], stdin=source, stdout=sink, check=True)
        return packed
    return path


def truth(path):
    with open(path.split(".pcap")[0] + ".pcap.truth.json") as file:
        return json.load(file)


def hold(path):
    """Holds what a check counts against the truth, and that it says the same with two threads."""
    one, two = (
        json.loads(subprocess.run([IMPSLINT, "check", "--format", "json", "--threads", n, path], stdout=subprocess.PIPE).stdout)
        for n in ("1", "2")
    )
    true, summary = truth(path), one["summary"]
    counted = (summary["messages"], summary["exchanges"], summary["packets"], summary["sessions"])
    wanted = (sum(true["messages"].values()), true["exchanges"], true["packets"], sum(true["sessions"].values()))
    if true["lost"] == 0 and counted != wanted:
        sys.exit(f"{path}: counted {counted}, and the truth is {wanted}")
    found = {}
    for finding in one["findings"]:
        found[finding["rule"]] = found.get(finding["rule"], 0) + 1 + finding.get("repeats", 0)
    if true["lost"] == 0 and found != true["findings"]:
        sys.exit(f"{path}: found {found}, and the truth is {true['findings']}")
    if one != two:
        sys.exit(f"{path}: two threads say something else than one")


def size(path):
    return os.path.getsize(path) / 1e6


def table(title, head, rows):
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def described(runs, path, command):
    cpu = median([r.cpu for r in runs])
    return [f"{cpu:.3f}", f"{size(path) / max(cpu, 1e-9):.0f}", peak(command)]


def tools():
    big = "100M" if options.quick else "1G"
    rows = []
    for name, spec in (("XML", "size=100M," + DENSE_XML), ("WBXML", "size=100M," + DENSE_WBXML), (f"noise {big}", f"size={big},{NOISY}")):
        path = capture(spec)
        hold(path)
        own = CHECK.format(path)
        first = True
        for tool, command in [t for t in TOOLS if t[0] not in options.without] + options.beside:
            if not shutil.which(shlex.split(command)[0]):
                rows.append([name, tool, "not installed", "", "", ""])
                continue
            runs = max(1, options.runs // 3) if tool == "tshark" else options.runs
            command = command.replace("{}", path)
            a, b = in_turn(own, command, runs)
            if first:
                rows.append([name, "**impslint**"] + described(a, path, own) + ["1"])
                first = False
            rows.append([name, tool] + described(b, path, command) + [ratio(b, a, "cpu")[1]])
    table("Beside other tools, one thread", ["capture", "tool", "CPU s", "MB/s", "peak MiB", "CPU ratio to impslint"], rows)


def against(title, what, base, others, runs=None):
    """A table of runs beside a base run: (name, command, path) each."""
    rows = []
    name, command, path = base
    for i, (other, with_what, its) in enumerate(others):
        a, b = in_turn(command, with_what, runs or options.runs)
        if i == 0:
            rows.append([name] + described(a, path, command) + ["1", "1"])
        scale = size(path) / size(its) if what == "MB" else 1
        cpu = [y.cpu / max(x.cpu, 1e-9) * scale for x, y in zip(a, b)]
        wall = [y.wall / max(x.wall, 1e-9) * scale for x, y in zip(a, b)]
        rows.append([other] + described(b, its, with_what) + [f"{median(cpu):.2f} ({min(cpu):.2f}..{max(cpu):.2f})", f"{median(wall):.2f}"])
    per = " a MB" if what == "MB" else ""
    table(title, ["run", "CPU s", "MB/s", "peak MiB", f"CPU ratio{per}", f"wall ratio{per}"], rows)


def growth():
    small = capture("size=100M," + DENSE_WBXML)
    sizes = ["1G"] if options.quick else ["1G", "10G"]
    for wanted in sizes:
        path = capture(f"size={wanted}," + DENSE_WBXML)
        against(f"Growth with size: {wanted} of WBXML", "MB", ("100M", CHECK.format(small), small), [(wanted, CHECK.format(path), path)], 2 if wanted == "10G" else 3)
        if wanted == "10G":
            os.remove(path)


def sessions():
    spec = "size={},exchanges=12,encoding=wbxml,open={},seed=14"
    few = capture(spec.format("100M", 10))
    others = [("10,000 open", capture(spec.format("100M", 10000)))]
    if not options.quick:
        others.append(("100,000 open", capture(spec.format("400M", 100000))))
    against("Growth with sessions open at once", "MB", ("10 open", CHECK.format(few), few), [(n, CHECK.format(p), p) for n, p in others])


def rules():
    base = "size=30M," + DENSE_WBXML
    clean, odd, early = capture(base), capture(base + ",odd=1"), capture(base + ",early=0.3")
    hold(odd), hold(early)
    info = IMPSLINT + " info --threads 1 {}"
    against("Growth with rules and findings", "MB", ("all rules, nothing to find", CHECK.format(clean), clean), [
        ("no rules (`info`)", info.format(clean), clean),
        ("a finding in every message", CHECK.format(odd), odd),
        ("early polls, a finding in most sessions", CHECK.format(early), early),
        ("as JSON", CHECK.replace("concise", "json").format(odd), odd),
        ("for people", CHECK.replace("concise", "human").format(odd), odd),
    ])


def damage():
    base = "size=100M," + DENSE_WBXML
    clean, poor = capture(base), capture(base + ",loss=0.001,reorder=0.01,retransmit=0.01")
    hold(poor)
    against("Damage: 0.1 % lost, 1 % out of order, 1 % twice", "MB", ("clean", CHECK.format(clean), clean), [("damaged", CHECK.format(poor), poor)])


def packed():
    spec = "size=100M," + DENSE_WBXML
    plain = capture(spec)
    rows = []
    for form, unpack in (("gz", "gzip -dc"), ("zst", "zstd -dc"), ("xz", "xz -dc"), ("bz2", "bzip2 -dc")):
        if not shutil.which(unpack.split()[0]):
            rows.append([form, "not installed", "", ""])
            continue
        path = capture(spec, form)
        a, b = in_turn(CHECK.format(path), f"sh -c '{unpack} {path} | {CHECK.format('-')}'", options.runs)
        rows.append([form, f"{median([r.cpu for r in a]):.3f}", f"{median([r.cpu for r in b]):.3f}", ratio(a, b, "cpu")[1]])
    table("Compressed input beside the decompressor and a pipe", ["form", "CPU s", "both apart, CPU s", "ratio"], rows)


def threads():
    rows = []
    for name, spec in (("XML", "size=100M," + DENSE_XML), ("WBXML", "size=100M," + DENSE_WBXML), ("noise", ("size=100M," if options.quick else "size=1G,") + NOISY)):
        path = capture(spec)
        two, one = in_turn(CHECK.replace("--threads 1", "--threads 2").format(path), CHECK.format(path), options.runs)
        rows.append([name, f"{median([r.wall for r in one]):.3f}", ratio(two, one, "wall")[1], ratio(two, one, "cpu")[1], peak(CHECK.replace("--threads 1", "--threads 2").format(path))])
    table("Two threads beside one", ["capture", "one thread, wall s", "wall ratio", "CPU ratio", "peak MiB"], rows)


def tiny():
    path = capture("sessions=1,exchanges=10,encoding=wbxml,seed=3")
    rows = []
    for tool, command in [("impslint", CHECK), ("`true`", "true")] + [t for t in TOOLS if t[0] == "tshark" and shutil.which("tshark")]:
        runs = [run(command.replace("{}", path)) for _ in range(5 if tool == "tshark" else 40)]
        rows.append([tool, f"{median([r.cpu for r in runs]) * 1e3:.1f}", f"{median([r.wall for r in runs]) * 1e3:.1f}", peak(command.replace("{}", path))])
    table(f"Start-up: a capture of {size(path) * 1e3:.0f} kB", ["tool", "CPU ms", "wall ms", "peak MiB"], rows)


TABLES = {f.__name__: f for f in (tools, growth, sessions, rules, damage, packed, threads, tiny)}


def beside(text):
    name, _, command = text.partition("=")
    return name, command


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--quick", action="store_true", help="captures of 1 GB and more are left out or made smaller")
arguments.add_argument("--runs", type=int, default=7, help="pairs of runs")
arguments.add_argument("--beside", type=beside, action="append", default=[], metavar="NAME=COMMAND")
arguments.add_argument("--without", action="append", default=[], metavar="TOOL", help="leave a tool out")
arguments.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "impslint-compare"), help="where captures are put")
arguments.add_argument("tables", nargs="*", metavar="TABLE")
options = arguments.parse_args()
if not os.path.exists(IMPSLINT):
    sys.exit(f"{IMPSLINT} is not there: cargo build --release")
if unknown := set(options.tables) - set(TABLES):
    sys.exit(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
os.makedirs(options.folder, exist_ok=True)
for name in options.tables or TABLES:
    TABLES[name]()
