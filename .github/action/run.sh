#!/bin/sh
# What action.yml does in its first step: finds or builds the program, runs it, and leaves its exit code in
# GITHUB_OUTPUT. Reads only environment variables; `tests/action.sh` runs it without a runner.
#
# Everything in GATE_* is untrusted text: it only ever becomes one whole argument.
set -eu

# A /bin/sh that is bash takes functions from the environment; none may stand for a command used here.
unset -f cargo command env printf

: "${GITHUB_OUTPUT:?}" "${GITHUB_ACTION_PATH:?}" "${RUNNER_TEMP:?}"
: "${GATE_PATH=}" "${GATE_POLICY=}" "${GATE_APPLY=}" "${GATE_FAIL_ON=}"
: "${GATE_DATABASE=}" "${GATE_BINARY=}" "${GATE_ARGS=}"

# output NAME VALUE: only for fixed words and numbers, which cannot hold a line break.
output() {
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# finish CODE MESSAGE: the program did not decide, so the verdict stays undecided.
finish() {
    printf '::error title=Factory Gate::%s\n' "$2"
    output verdict undecided
    output exit-code "$1"
    exit 0
}

# What holds until the program says otherwise, and if it never does.
output verdict undecided
output exit-code 3

[ -n "$GATE_PATH" ] || finish 2 "The input path is empty."
[ -n "$GATE_DATABASE" ] || finish 2 "The input database is empty."

if [ -n "$GATE_BINARY" ]; then
    program=$GATE_BINARY
    command -v -- "$program" >/dev/null || finish 2 "The input binary names no program that can be run."
else
    command -v cargo >/dev/null || finish 3 "No cargo to build with: install Rust, or set the input binary."
    target=$RUNNER_TEMP/factory-gate-target
    # In the action's directory: cargo obeys a .cargo/config.toml or rust-toolchain.toml of the directory it starts
    # in, and those of the workspace belong to whoever wrote the change.
    (
        cd "$GITHUB_ACTION_PATH" &&
            env -u CARGO_BUILD_TARGET CARGO_TARGET_DIR="$target" cargo build --release --locked --bin factory-gate
    ) || finish 3 "factory-gate could not be built."
    program=$target/release/factory-gate
fi

set -- run "--database=$GATE_DATABASE"
[ -z "$GATE_POLICY" ] || set -- "$@" "--policy=$GATE_POLICY"
[ -z "$GATE_FAIL_ON" ] || set -- "$@" "--fail-on=$GATE_FAIL_ON"
case $GATE_APPLY in
"" | false) ;;
true | all) set -- "$@" --apply ;;
*) set -- "$@" "--apply=$GATE_APPLY" ;; # the program refuses what it does not know
esac
while IFS= read -r argument || [ -n "$argument" ]; do
    [ -z "$argument" ] || set -- "$@" "$argument"
done <<END
$GATE_ARGS
END
set -- "$@" -- "$GATE_PATH"

set +e
"$program" "$@"
code=$?
set -e

if [ "$code" = 0 ] && [ ! -f "$GATE_DATABASE" ]; then
    finish 3 "The program passed without leaving a record."
fi
output exit-code "$code"
