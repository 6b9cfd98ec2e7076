#!/bin/sh
# What a comparison with a base costs: `benches/base.sh BINARY REPOSITORY [RUNS]`.
#
# REPOSITORY is a git repository with a commit; it is copied (hard links do not do: files are changed), so there has to be
# room for it. Ten files are changed and `--scope changed` is compared with a full scan; then one in a hundred, and
# `--new-only` is compared with a full scan. Medians of RUNS (7) runs each, taken in turns, warm cache.
set -eu
binary=$(realpath "$1")
repository=$(realpath "$2")
runs=${3:-7}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
if [ "${IN_PLACE:-}" = yes ]; then tree=$repository; else tree=$place/tree; cp -a "$repository" "$tree"; fi
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
base=$(git -C "$tree" rev-parse HEAD)

run() {
    start=$(date +%s%N)
    "$binary" run "$tree" --quiet --database "$place/run.db" --output "$place/report.txt" "$@" >"$place/out" || [ $? = 1 ]
    end=$(date +%s%N)
    rm -f "$place/run.db"
    echo $(((end - start) / 1000000))
}

median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }

compare() { # TITLE, arguments of the narrow run
    title=$1
    shift
    : >"$place/full"
    : >"$place/narrow"
    run >/dev/null
    run "$@" >/dev/null
    for _ in $(seq "$runs"); do
        run >>"$place/full"
        run "$@" >>"$place/narrow"
    done
    full=$(median "$place/full")
    narrow=$(median "$place/narrow")
    echo "$title: full $full ms, so $narrow ms, ratio $(echo "scale=2; $narrow / $full" | bc)"
}

# Every Nth tracked file gets one more line.
touch_every() {
    git -C "$tree" ls-files | awk "NR % $1 == 0" | while IFS= read -r path; do
        if [ -f "$tree/$path" ] && [ ! -L "$tree/$path" ]; then echo "one more line" >>"$tree/$path"; fi
    done
    git -C "$tree" -c user.name=t -c user.email=t@example.com commit -qam change
}

count=$(git -C "$tree" ls-files | wc -l)
touch_every $((count / 10))
compare "--scope changed, ten of $count files" --scope changed --base "$base"
git -C "$tree" reset -q --hard "$base"
touch_every 100
compare "--new-only, one in a hundred of $count files" --new-only --base "$base"
git -C "$tree" reset -q --hard "$base"
