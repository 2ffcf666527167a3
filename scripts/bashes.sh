#!/usr/bin/env bash
# Builds the versions of bash that attribution is tested with besides the system's own: 5.1 and
# 5.3 from Debian's sources, which apt fetches without root, and what is in the source trees
# that are given. (No suite of Debian has 5.0 any more: unpack it, or check out its tag.)
# Tests take what is in .bashes. Usage: scripts/bashes.sh FOLDER [TREE...]
set -euo pipefail

folder=$(realpath -m "$1")
shift
suites=(bullseye forky) # 5.1 and 5.3

say() { printf 'bashes: %s\n' "$*" >&2; }

# Where this machine gets Debian's packages from.
mirror() {
    # shellcheck disable=SC2016 # it is apt that fills this in
    apt-get indextargets --format '$(SITE)' 'Origin: Debian' 'Label: Debian' | sort -u | head -n 1
}

# A command of apt's that knows those suites alone, and leaves the system's state as it is.
with_suites() {
    "$@" -qq -o Dir::Etc::SourceList="$scratch/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$scratch/lists" -o Dir::Cache="$scratch/cache" \
        -o Dir::State::Status=/dev/null -o APT::Sandbox::User=root
}

fetch() {
    local site
    site=$(mirror)
    if [ -z "$site" ]; then
        say "apt knows no mirror of Debian's: only the given trees are built"
        return
    fi
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
    printf "deb-src $site %s main\n" "${suites[@]}" >"$scratch/sources.list"
    with_suites apt-get update
    for suite in "${suites[@]}"; do
        mkdir "$scratch/$suite"
        (cd "$scratch/$suite" && with_suites apt-get source --download-only --only-source "bash/$suite")
        mkdir "$scratch/$suite/tree"
        tar -C "$scratch/$suite/tree" --strip-components 1 -xf "$scratch/$suite"/bash_*.orig.tar.*
        build "$scratch/$suite/tree"
    done
}

# As distributions do: without its own malloc. What is made from other sources is there already,
# and only its date may say otherwise.
build() {
    local version
    touch -c "$1"/{aclocal.m4,config.h.in} && touch -c "$1"/{configure,y.tab.c,y.tab.h}
    (cd "$1" && ./configure --quiet --without-bash-malloc CFLAGS='-O2 -w -std=gnu17' &&
        make -s -j "$(nproc)" bash) >"$scratch/log" 2>&1 ||
        { tail -n 20 "$scratch/log" >&2; say "$1 cannot be built"; exit 1; }
    version=$("$1/bash" --version | sed -n '1s/.*version \([0-9]*\.[0-9]*\).*/\1/p')
    mkdir -p "$folder/$version"
    cp "$1/bash" "$folder/$version/bash"
    say "$folder/$version/bash"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for tree; do
    cp -r "$tree" "$scratch/given"
    build "$scratch/given"
    rm -r "$scratch/given"
done
fetch
