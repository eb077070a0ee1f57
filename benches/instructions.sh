#!/usr/bin/env bash
# Counts the instructions of each stage and of whole checks, and holds them against the baseline; with --bless they become
# the baseline. Takes valgrind, and gungraun-runner of the version in Cargo.lock.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n '/^name = "gungraun-runner"/{n;s/^version = "\(.*\)"/\1/p}' Cargo.lock)
runner=${GUNGRAUN_RUNNER:-gungraun-runner}
command -v valgrind > /dev/null || { echo "valgrind is missing: nothing can be counted" >&2; exit 1; }
valgrind -q --tool=none true || { echo "valgrind does not run here: nothing can be counted" >&2; exit 1; }
if [ "$("$runner" --version 2> /dev/null)" != "gungraun-runner $version" ]; then
    echo "gungraun-runner $version is missing: cargo install gungraun-runner --version $version --locked" >&2
    exit 1
fi
# What an earlier run left is not to be taken for this one's.
rm -rf "${CARGO_TARGET_DIR:-target}/gungraun"
if ! cargo bench --locked --bench instructions -- --save-summary=json > "${TMPDIR:-/tmp}/impslint-instructions.log" 2>&1; then
    cat "${TMPDIR:-/tmp}/impslint-instructions.log" >&2
    exit 1
fi
cargo bench --quiet --locked --bench hold -- "$@"
