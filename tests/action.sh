#!/usr/bin/env bash
# Runs the action's own steps (their shell line, their script) as the runner would, with programs that stand in for
# factory-gate and cargo, and checks what reaches the program and what comes out.
#
#   tests/action.sh                     with stand-ins only
#   tests/action.sh path/to/factory-gate   also one run of the real program: every declared output must be there
# shellcheck disable=SC2016 # dollar signs in single quotes are the hostile text
set -euo pipefail
cd "$(dirname "$0")/.."
action=$PWD
real=${1:+$(realpath "$1")}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

# check WHAT ACTUAL EXPECTED
check() {
    if [ "$2" != "$3" ]; then
        printf 'FAIL %s: %s\n  expected: %q\n  actual:   %q\n' "$case" "$1" "$3" "$2"
        failures=$((failures + 1))
    fi
}

# output NAME: the last value that the step gave it. Understands both forms of GITHUB_OUTPUT.
output() {
    awk -v name="$1" '
        end != "" { if ($0 == end) { if (key == name) value = text; end = "" }
                    else text = text (text == "" ? "" : "\n") $0; next }
        match($0, /^[a-z0-9-]+<</) { key = substr($0, 1, RLENGTH - 2); end = substr($0, RLENGTH + 1); text = ""; next }
        match($0, /^[a-z0-9-]+=/) { if (substr($0, 1, RLENGTH - 1) == name) value = substr($0, RLENGTH + 1) }
        END { print value }' "$world/output"
}

# The text after `key:` in action.yml, which must be the same wherever it stands.
only() {
    local found
    found=$(sed -n "s/^ *$1: //p" action.yml | sort -u)
    [ "$(grep -c . <<<"$found")" = 1 ] || { echo "action.yml has more than one $1" >&2; exit 1; }
    printf '%s' "$found"
}
shell=$(only shell)
first_step=$(sed -n 's/^ *run: \(exec .*\)$/\1/p' action.yml)
last_step=$(sed -n 's/^ *run: \(exit .*\)$/\1/p' action.yml)

# step TEXT [NAME=VALUE...]: runs it the way the runner does, from a file, with the shell line of action.yml.
step() {
    printf '%s\n' "$1" >"$world/step.sh"
    shift
    # shellcheck disable=SC2086 # the runner splits the shell line at spaces too
    (cd "$world/workspace" && exec env "$@" ${shell/\{0\}/$world\/step.sh}) >>"$world/log" 2>&1
}

# A program that writes down its arguments, leaves a record, and ends with the code in FAKE_CODE.
stand_in() {
    cat >"$1" <<'END'
#!/bin/sh
printf '%s\0' "$@" >"$FAKE_LOG"
for argument; do
    case $argument in --database=*) database=${argument#--database=} ;; esac
done
[ -n "${FAKE_NO_RECORD-}" ] || : >"$database"
printf 'database<<end_of_it\n%s\nend_of_it\nverdict=said-by-program\n' "$database" >>"$GITHUB_OUTPUT"
exit "${FAKE_CODE:-0}"
END
    chmod +x "$1"
}

# run CASE [NAME=VALUE...]: a fresh runner; the first step with these variables, then the last one.
run() {
    case=$1
    shift
    world=$scratch/world
    rm -rf "$world"
    mkdir -p "$world/workspace" "$world/temp" "$world/bin"
    stand_in "$world/bin/stand-in"
    : >"$world/output"
    local code=0
    step "$first_step" FAKE_LOG="$world/arguments" PATH="$world/bin:$PATH" \
        GITHUB_ACTIONS=true GITHUB_WORKSPACE="$world/workspace" RUNNER_TEMP="$world/temp" \
        GITHUB_OUTPUT="$world/output" GITHUB_STEP_SUMMARY="$world/summary" GITHUB_ACTION_PATH="$action" \
        GATE_PATH=. GATE_DATABASE=record.db GATE_BINARY=stand-in "$@" || code=$?
    check "the first step ends with 0" "$code" 0
    job_code=0
    step "$last_step" GATE_EXIT_CODE="$(output exit-code)" || job_code=$?
}

# arguments: what reached the program, one argument a line, quoted for the shell.
arguments() {
    local -a got=()
    [ -e "$world/arguments" ] && mapfile -d '' got <"$world/arguments"
    printf '%q ' "${got[@]}"
}
quoted() { printf '%q ' "$@"; }

for code in 0 1 2 3 101 130; do
    run "exit code $code passes through" FAKE_CODE="$code"
    check "output" "$(output exit-code)" "$code"
    check "the job" "$job_code" "$code"
    check "verdict" "$(output verdict)" said-by-program
    check "database" "$(output database)" record.db
done

run "defaults"
check "arguments" "$(arguments)" "$(quoted run --database=record.db -- .)"

run "every input" GATE_PATH=sub GATE_POLICY=p.yml GATE_FAIL_ON=warning GATE_APPLY=cleanup GATE_ARGS=--quiet
check "arguments" "$(arguments)" \
    "$(quoted run --database=record.db --policy=p.yml --fail-on=warning --apply=cleanup --quiet -- sub)"

hostile=$' -a "b"\n$(touch pwned) `touch pwned` \'*\\'
run "inputs stay whole" GATE_PATH="$hostile" GATE_POLICY="$hostile" GATE_DATABASE=$'two words\nand lines.db' \
    GATE_FAIL_ON="$hostile" GATE_APPLY="$hostile"
check "arguments" "$(arguments)" \
    "$(quoted run $'--database=two words\nand lines.db' "--policy=$hostile" "--fail-on=$hostile" "--apply=$hostile" -- "$hostile")"
check "database" "$(output database)" $'two words\nand lines.db'
check "nothing was executed" "$(ls "$world/workspace")" "$(cd "$world/workspace" && ls -d two*)"

run "args are split at line breaks only" \
    GATE_ARGS=$'--format\njson\n\n  two  words \n$(touch pwned) `touch pwned`\n"a\' *\\n\n--last'
check "arguments" "$(arguments)" \
    "$(quoted run --database=record.db --format json '  two  words ' '$(touch pwned) `touch pwned`' $'"a\' *\\n' --last -- .)"
check "nothing was executed" "$(ls "$world/workspace")" record.db

for value in "" false; do
    run "apply: '$value' changes nothing" GATE_APPLY="$value"
    check "arguments" "$(arguments)" "$(quoted run --database=record.db -- .)"
done
for value in true all; do
    run "apply: $value" GATE_APPLY="$value"
    check "arguments" "$(arguments)" "$(quoted run --database=record.db --apply -- .)"
done

run "a pass without a record is none" FAKE_NO_RECORD=1
check "the job" "$job_code" 3
check "verdict" "$(output verdict)" undecided

run "an empty path is refused" GATE_PATH=
check "the job" "$job_code" 2
check "nothing ran" "$(arguments)" "$(quoted)"

run "an empty database is refused" GATE_DATABASE=
check "the job" "$job_code" 2

run "a binary that is not there" GATE_BINARY=./no-such-program
check "the job" "$job_code" 2
check "verdict" "$(output verdict)" undecided
check "database" "$(output database)" ""

printf 'exit 0\n' >"$scratch/left-behind"
left_behind=(BASH_ENV="$scratch/left-behind" ENV="$scratch/left-behind" SHELLOPTS=noexec FAKE_CODE=1
    "BASH_FUNC_printf%%=() { :; }" "BASH_FUNC_command%%=() { exit 0; }")
run "what earlier steps left in the environment" "${left_behind[@]}"
check "the job" "$job_code" 1
shell=${shell/\/bin\/sh/\/bin\/bash --posix} first_step=${first_step/\/bin\/sh/\/bin\/bash --posix} \
    run "the same where /bin/sh is bash" "${left_behind[@]}"
check "the job" "$job_code" 1
check "verdict" "$(output verdict)" said-by-program

# A stand-in for cargo, which writes down where and how it was called and "builds" the stand-in.
cargo_case() {
    local name=$1 cargo_code=$2
    shift 2
    mkdir -p "$scratch/cargo"
    cat >"$scratch/cargo/cargo" <<END
#!/bin/sh
{ pwd; printf '%s\n' "\$*" "\$CARGO_TARGET_DIR" "\${CARGO_BUILD_TARGET-none}"; } >"\$FAKE_LOG.cargo"
mkdir -p "\$CARGO_TARGET_DIR/release"
cp "$scratch/cargo/built" "\$CARGO_TARGET_DIR/release/factory-gate"
exit $cargo_code
END
    chmod +x "$scratch/cargo/cargo"
    stand_in "$scratch/cargo/built"
    run "$name" GATE_BINARY= PATH="$scratch/cargo:$PATH" CARGO_BUILD_TARGET=other "$@"
}

cargo_case "without a binary it is built from the action" 0 FAKE_CODE=1
check "the job" "$job_code" 1
check "cargo" "$(cat "$world/arguments.cargo")" \
    "$action"$'\n'"build --release --locked --bin factory-gate"$'\n'"$world/temp/factory-gate-target"$'\n'none
check "arguments" "$(arguments)" "$(quoted run --database=record.db -- .)"

cargo_case "a failed build is undecided" 101
check "the job" "$job_code" 3
check "nothing ran" "$(arguments)" "$(quoted)"

case="a first step that died"
job_code=0
step "$last_step" GATE_EXIT_CODE= || job_code=$?
check "the job" "$job_code" 3

case="names in action.yml and in the script"
check "variables" "$(grep -o 'GATE_[A-Z_]*[A-Z]' .github/action/run.sh | sort -u)" \
    "$(sed -n 's/^ *\(GATE_[A-Z_]*\): .*inputs.*/\1/p' action.yml | sort -u)"
documented() { sed -n 's/^| `\([a-z0-9-]*\)` |.*/\1/p' docs/github-actions.md; }
declared() { sed -n '/^inputs:/,/^runs:/s/^  \([a-z0-9-]*\):$/\1/p' action.yml; }
check "inputs and outputs in docs/github-actions.md" "$(documented)" "$(declared)"
check "no expression inside a script" "$(grep -nE '^ *run:.*\$\{\{' action.yml || true)" ""
check "no other run form" "$(grep -cE '^ *run: *[|>]' action.yml || true)" 0

if [ -n "$real" ]; then
    run "the real program says every output" GATE_BINARY="$real" GATE_PATH="$action/examples/dirty-workspace"
    check "the job" "$job_code" 1
    while read -r name; do
        [ -n "$(output "$name")" ] || check "output $name" "" "a value"
    done < <(sed -n 's/.*value: .*steps\.gate\.outputs\.\([a-z0-9-]*\) }}$/\1/p' action.yml)
    check "database-sha256" "$(output database-sha256)" \
        "$(cd "$world/workspace" && sha256sum "$(output database)" | cut -d' ' -f1)"
fi

if [ "$failures" -gt 0 ]; then
    echo "$failures checks failed"
    exit 1
fi
echo "action: all cases hold"
