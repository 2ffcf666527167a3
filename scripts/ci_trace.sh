#!/usr/bin/env bash
# Traces a command in continuous integration: keeps the trace and what is made of it, shows the
# findings, and says by its exit status whether the command failed or crossed a threshold.
#
# Usage: scripts/ci_trace.sh DIRECTORY COMMAND [ARG...]
#
# Into DIRECTORY, which must not be there, go trace/, report.html, findings.sarif and summary.md.
# The environment may say more:
#   AKLO_TRACE          the tracer (default: that of this clone, else aklo-trace)
#   CI_TRACE_RECORD     options of the recording, separated by spaces
#   CI_TRACE_CHECK      options of 'aklo-trace check', separated by spaces
#   CI_TRACE_ROOT       what paths are relative to (default: GITHUB_WORKSPACE, else here)
set -euo pipefail

[ $# -ge 2 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
directory=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${AKLO_TRACE:-}" ]; then
    AKLO_TRACE=$here/.venv/bin/aklo-trace
    [ -x "$AKLO_TRACE" ] || AKLO_TRACE=aklo-trace
fi
root=${CI_TRACE_ROOT:-${GITHUB_WORKSPACE:-$PWD}}
trace=$directory/trace
read -ra record <<<"${CI_TRACE_RECORD:-}"
read -ra check <<<"${CI_TRACE_CHECK:-}"

# Root makes the cheapest engine possible; the command runs as this user even so.
as_root=()
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then as_root=(sudo); fi

export_to() { # FORMAT FILE [OPTION...]
    "$AKLO_TRACE" export "$trace" --format "$1" -o "$directory/$2" "${@:3}"
}

mkdir -p "$(dirname "$directory")"
mkdir "$directory"
status=0
"${as_root[@]}" "$AKLO_TRACE" record -q -o "$trace" "${record[@]}" -- "$@" || status=$?
[ -e "$trace/meta.json" ] || exit $((status ? status : 3)) # without a trace nothing is checked

export_to github-summary summary.md
export_to sarif findings.sarif --root "$root"
"$AKLO_TRACE" report "$trace" --format html -o "$directory/report.html"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$directory/summary.md" >>"$GITHUB_STEP_SUMMARY"
    "$AKLO_TRACE" export "$trace" --format github --root "$root"
else
    "$AKLO_TRACE" report "$trace" --section header,findings
fi

crossed=0
"$AKLO_TRACE" check "$trace" "${check[@]}" || crossed=$?
[ "$status" != 0 ] || status=$crossed
exit "$status"
