#!/usr/bin/env bash
# Compares a whole run that removes FILES files, with its full record, with `rm -rf` of the same tree.
#
#   benches/cleanup.sh [FILES] [RUNS]
#
# The tree (100,000 files of one byte in directories of 1,000) is made anew in a temporary directory before each run; both
# run alternately, RUNS times (3). What is told are the medians and their ratio. GATE names a binary to measure.
set -euo pipefail

files=${1:-100000}
runs=${2:-3}
cd "$(dirname "$0")/.."
if [ -z "${GATE-}" ]; then
    cargo build --release --quiet
    GATE=$PWD/target/release/factory-gate
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/policy.yml" <<POLICY
version: 1
rules: { final-newline: off }
cleanup:
  rules: { trash: { paths: ["trash/"] } }
  limits: { max_files: 10000000, max_bytes: 1 TiB }
POLICY

make_tree() {
    mkdir -p "$work/tree/trash"
    # Nothing is removed where no policy and no `.git` shows that the directory is a workspace.
    cp "$work/policy.yml" "$work/tree/.factory-gate.yml"
    python3 - "$work/tree/trash" "$files" <<'PYTHON'
import os, sys
top, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    if number % 1000 == 0:
        directory = f"{top}/{number // 1000}"
        os.mkdir(directory)
    with open(f"{directory}/{number}", "w") as file:
        file.write("x")
PYTHON
    sync -f "$work"
}
seconds() { # COMMAND...: how long it took
    local start=$EPOCHREALTIME
    "$@" >&2
    local end=$EPOCHREALTIME
    awk "BEGIN { printf \"%.3f\n\", $end - $start }"
}
gate() {
    "$GATE" run "$work/tree" --policy "$work/tree/.factory-gate.yml" --database "$work/gate.db" --apply=cleanup --quiet --limit 0 >/dev/null
}
remove() { rm -rf "$work/tree/trash"; }
median() { sort -n | awk '{ all[NR] = $1 } END { print (NR % 2) ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'; }

for _ in $(seq "$runs"); do
    make_tree
    seconds remove >>"$work/rm"
    make_tree
    rm -f "$work/gate.db"
    seconds gate >>"$work/gate"
    [ ! -e "$work/tree/trash" ] || { echo "not everything was removed" >&2; exit 1; }
done
one=$(median <"$work/gate")
other=$(median <"$work/rm")
echo "removing $files files, median of $runs: factory-gate $one s, rm -rf $other s, ratio $(awk "BEGIN { printf \"%.2f\", $one / $other }")"
paste "$work/gate" "$work/rm" | sed 's/^/  gate and rm: /'
