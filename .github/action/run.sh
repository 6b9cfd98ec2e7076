#!/bin/sh
# What action.yml does in its first step: finds the program (program.sh), runs it, and leaves its exit code in
# GITHUB_OUTPUT. Reads only environment variables, so that tests run it without a runner.
#
# Everything in GATE_* is untrusted text: it only ever becomes one whole argument.
set -eu

# A /bin/sh that is bash takes functions from the environment; none may stand for a command used here.
unset -f cargo cat cd chmod command curl echo env gzip mktemp printf read rm sha256sum shasum tar ulimit wc
unset CDPATH

: "${GITHUB_OUTPUT:?}" "${GITHUB_ACTION_PATH:?}" "${RUNNER_TEMP:?}"
: "${GATE_PATH=}" "${GATE_POLICY=}" "${GATE_POLICY_REF=}" "${GATE_APPLY=}" "${GATE_SCOPE=}" "${GATE_BASE=}"
: "${GATE_FAIL_ON=}" "${GATE_NEW_ONLY=}" "${GATE_BASELINE=}" "${GATE_SARIF_FILE=}" "${GATE_SARIF_CATEGORY=}"
: "${GATE_UPLOAD_SARIF=}" "${GATE_REPORTS=}" "${GATE_SUMMARY=}" "${GATE_ANNOTATIONS=}" "${GATE_MAX_ANNOTATIONS=}"
: "${GATE_DATABASE=}" "${GATE_UPLOAD_ARTIFACT=}" "${GATE_ARTIFACT_NAME=}" "${GATE_RETENTION_DAYS=}"
: "${GATE_VERSION=}" "${GATE_BINARY=}" "${GATE_MIRROR_URL=}" "${GATE_CHECKSUM=}" "${GATE_WORKING_DIRECTORY=}"
: "${GATE_ARGS=}" "${GATE_EVENT_NAME=}" "${GATE_HEAD_REPOSITORY=}" "${GITHUB_REPOSITORY=}" "${GITEA_ACTIONS=}"

newline='
'
carriage_return=$(printf '\r')

# output NAME VALUE: only for values that hold no line break.
output() {
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# finish CODE MESSAGE: the program did not decide, so the verdict stays undecided. The message has no text of others.
finish() {
    printf '::error title=Factory Gate::%s\n' "$2"
    output verdict undecided
    output exit-code "$1"
    output database ""
    output sarif ""
    output upload-sarif false
    exit 0
}

# What holds until the program says otherwise, and if it never does.
output verdict undecided
output exit-code 3
for name in errors warnings notes suppressed files-scanned files-skipped score database database-sha256 \
    session-digest deployment-id policy-sha256 annotations-dropped sarif version program-source new existing \
    baselined base-sha head-sha scope-used summary-left-out junit codequality report-json; do
    output "$name" ""
done
output upload-sarif false

. "$GITHUB_ACTION_PATH/.github/action/inputs.sh"
check_inputs

cd -- "$GATE_WORKING_DIRECTORY" || finish 2 "The input working-directory cannot be entered."

. "$GITHUB_ACTION_PATH/.github/action/program.sh"
find_program

# --- the command line: a flag only where its input says something ---

sarif=$GATE_SARIF_FILE
if [ -z "$sarif" ] && [ "$GATE_UPLOAD_SARIF" = true ]; then
    sarif=$RUNNER_TEMP/factory-gate.sarif
fi

set -- run "--database=$GATE_DATABASE"
[ -z "$GATE_POLICY" ] || set -- "$@" "--policy=$GATE_POLICY"
[ -z "$GATE_POLICY_REF" ] || set -- "$@" "--policy-ref=$GATE_POLICY_REF"
[ -z "$GATE_SCOPE" ] || set -- "$@" "--scope=$GATE_SCOPE"
[ -z "$GATE_BASE" ] || set -- "$@" "--base=$GATE_BASE"
[ -z "$GATE_FAIL_ON" ] || set -- "$@" "--fail-on=$GATE_FAIL_ON"
[ "$GATE_NEW_ONLY" != true ] || set -- "$@" --new-only
[ -z "$GATE_BASELINE" ] || set -- "$@" "--baseline=$GATE_BASELINE"
[ -z "$GATE_ANNOTATIONS" ] || set -- "$@" "--annotations=$GATE_ANNOTATIONS"
[ -z "$GATE_MAX_ANNOTATIONS" ] || set -- "$@" "--max-annotations=$GATE_MAX_ANNOTATIONS"
[ "$GATE_SUMMARY" != false ] || set -- "$@" --no-summary
if [ -n "$sarif" ]; then
    set -- "$@" "--report=sarif=$sarif"
    [ -z "$GATE_SARIF_CATEGORY" ] || set -- "$@" "--sarif-category=$GATE_SARIF_CATEGORY"
fi
case $GATE_APPLY in
"" | false) ;;
true | all) set -- "$@" --apply ;;
*) set -- "$@" "--apply=$GATE_APPLY" ;; # the program refuses what it does not know
esac
while IFS= read -r report || [ -n "$report" ]; do
    report=${report%"$carriage_return"}
    [ -z "$report" ] || set -- "$@" "--report=$report"
done <<END
$GATE_REPORTS
END
while IFS= read -r argument || [ -n "$argument" ]; do
    [ -z "$argument" ] || set -- "$@" "$argument"
done <<END
$GATE_ARGS
END
set -- "$@" -- "$GATE_PATH"

# A file of an earlier step is not this run's answer.
if [ -n "$sarif" ]; then rm -f -- "$sarif"; fi

# The shell of Git for Windows would take an argument with a slash for one of its own paths.
export MSYS_NO_PATHCONV=1 MSYS2_ARG_CONV_EXCL='*'
set +e
"$program" "$@"
code=$?
set -e

# from_workspace PATH: as seen from GITHUB_WORKSPACE, where the steps that upload stand.
from_workspace() {
    case $1 in
    /* | [A-Za-z]:[/\\]*) printf '%s' "$1" ;;
    *) if [ "$GATE_WORKING_DIRECTORY" = . ]; then printf '%s' "$1"; else printf '%s/%s' "${GATE_WORKING_DIRECTORY%/}" "$1"; fi ;;
    esac
}

if [ "$code" = 0 ] && [ ! -f "$GATE_DATABASE" ]; then
    finish 3 "The program passed without leaving a record."
fi
# Whether there is a record of this run the program has said: a file may be there from an earlier one.
previous=''
recorded=''
while IFS= read -r line; do
    case $previous in
    'database<<'*) recorded=$line ;;
    esac
    previous=$line
done <"$GITHUB_OUTPUT"
[ -z "$recorded" ] || output database "$(from_workspace "$recorded")"
if [ -n "$sarif" ] && [ -f "$sarif" ]; then
    output sarif "$(from_workspace "$sarif")"
    decide_sarif_upload
fi
output exit-code "$code"
