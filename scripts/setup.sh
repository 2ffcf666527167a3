#!/usr/bin/env bash
# Installs what is missing, and nothing twice: system packages, the virtual environment, the
# BPF object. Usage: scripts/setup.sh run|dev
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-run}
python=${PYTHON:-python3}
venv=.venv
stamp=$venv/.installed-$purpose
object=tracer/aklo_trace/ebpf/aklo_trace.$(uname -m).bpf.o

case $(. /etc/os-release 2>/dev/null && echo "${ID:-}-$(uname -m)") in
    ubuntu-*) headers=linux-headers-generic ;;
    *-aarch64) headers=linux-headers-arm64 ;;
    *) headers=linux-headers-amd64 ;;
esac

say() { printf 'setup: %s\n' "$*" >&2; }

# What is missing of the system, as names of Debian's and Ubuntu's packages.
missing_packages() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
    command -v strace >/dev/null || echo strace
    command -v "${CLANG:-clang}" >/dev/null || echo clang
    [ -e /usr/include/bpf/bpf_helpers.h ] || echo libbpf-dev
    [[ $(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) == *libbpf.so.1* ]] || echo libbpf1
    if [ "$purpose" = dev ]; then
        command -v sudo >/dev/null || echo sudo
        command -v shellcheck >/dev/null || echo shellcheck
        command -v bats >/dev/null || echo bats
        command -v tmux >/dev/null || echo tmux
        command -v zstd >/dev/null || echo zstd
        command -v zsh >/dev/null || echo zsh
        command -v fish >/dev/null || echo fish
        command -v gcc >/dev/null || echo gcc
        [ -e /usr/include/stdio.h ] || echo libc6-dev
        [ -e /usr/lib/python3/dist-packages/bcc/libbcc.py ] || echo python3-bpfcc
        missing_browser
        compgen -G '/usr/src/linux-headers-*' >/dev/null || echo "$headers"
    fi
}

# A browser and what drives it; Ubuntu's packages of these names are something else.
missing_browser() {
    command -v chromium google-chrome chromium-browser >/dev/null && return
    [ "$(. /etc/os-release && echo "${ID:-}")" = ubuntu ] || echo chromium chromium-driver
}

# How to become root: not at all, with sudo, or unable to.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif [ -t 0 ]; then sudo "$@"
    else sudo -n "$@"
    fi
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        say "please install with your package manager what Debian calls: ${packages[*]}"
    elif [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        say "without root these packages cannot be installed: ${packages[*]}"
    else
        say "installing ${packages[*]}"
        export DEBIAN_FRONTEND=noninteractive
        { as_root apt-get update -qq &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
                --no-install-recommends "${packages[@]}"; } >/dev/null 2>"$log" ||
            { say "the packages ${packages[*]} cannot be installed:"; tail -n 5 "$log" >&2; }
    fi
}

create_environment() {
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        say "$("$python" --version) is too old: aklo-trace needs 3.11 or later (set PYTHON=...)"
        exit 1
    fi
    if [ ! -x $venv/bin/python ]; then
        say "creating $venv"
        "$python" -m venv $venv
    fi
    [ ! "$stamp" -nt pyproject.toml ] || return 0
    local extras=
    [ "$purpose" = run ] || extras="[$purpose]"
    say "installing the Python packages"
    $venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".$extras" 2>"$log" ||
        { cat "$log" >&2; exit 1; }
    touch "$stamp"
}

build_object() {
    make -s -C bpf sources
    if command -v "${CLANG:-clang}" >/dev/null && [ -e /usr/include/bpf/bpf_helpers.h ]; then
        make -s -C bpf
    else
        make -s -C bpf forget-stale
        [ -e "$object" ] ||
            say "no clang or libbpf headers: the engine ebpf is left out, strace is used instead"
    fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_packages
create_environment
build_object
say "ready: $venv/bin/aklo-trace"
