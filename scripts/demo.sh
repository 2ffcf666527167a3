#!/usr/bin/env bash
# Traces the bundled example's cache benchmark with the best engine, and prints the report.
set -euo pipefail
cd "$(dirname "$0")/.."

command=(.venv/bin/aklo-trace)
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
    if [ -t 0 ] || sudo -n true 2>/dev/null; then
        command=(sudo "${command[@]}")
    else
        echo 'demo: there is no root here, so it is traced by strace' >&2
    fi
fi
exec "${command[@]}" -- examples/aklo/bin/aklo cache benchmark
