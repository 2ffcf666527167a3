"""``python -m benchmarks``: measure what tracing costs, and print it as Markdown."""

from __future__ import annotations

import argparse

from benchmarks import capture, latency, savings, store


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the quick ways")
    parser.add_argument("--slow-rounds", type=int, default=1, help="rounds of the slow ways")
    parser.add_argument("--only", nargs="*", default=list("abcdst"), metavar="KEY")
    options = parser.parse_args()
    for workload in capture.WORKLOADS:
        if workload.key in options.only:
            results = capture.measure(workload, options.rounds, options.slow_rounds)
            print("\n".join(capture.table(workload, results)), flush=True)
    if "d" in options.only:
        engines = latency.usable()
        rounds = [[latency.measure(name) for name in engines] for _ in range(options.rounds)]
        latencies = dict(zip(engines, map(list, zip(*rounds, strict=True)), strict=True))
        print("\n".join(latency.table(latencies)), flush=True)
    if "t" in options.only:
        print("\n".join(store.table(store.measure(options.rounds))), flush=True)
    if "s" in options.only:
        pairs = [savings.measure(pair, options.rounds) for pair in savings.PAIRS]
        print("\n".join(savings.table(pairs)), flush=True)


if __name__ == "__main__":
    main()
