# shellcheck shell=sh
# What the inputs have to be like. Sourced by run.sh. Values that only the program can judge are left to it.
# shellcheck disable=SC2154 # newline and carriage_return come from run.sh

mistakes=

# mistake TEXT: of fixed words only, since the log reads commands in what is printed.
mistake() {
    mistakes="$mistakes${mistakes:+ }$1"
}

# one_line NAME VALUE: steps that upload read several paths, and GITHUB_OUTPUT several values, in several lines.
one_line() {
    case $2 in
    *"$newline"* | *"$carriage_return"*) mistake "The input $1 has more than one line." ;;
    esac
}

# one_of NAME VALUE ALLOWED...
one_of() {
    one_of_name=$1 one_of_value=$2
    shift 2
    one_of_list=$*
    while [ $# -gt 0 ]; do
        [ "$one_of_value" != "$1" ] || return 0
        shift
    done
    mistake "The input $one_of_name is none of: $one_of_list."
}

# number NAME VALUE
number() {
    case $2 in
    "" | *[!0-9]*) mistake "The input $1 is not a number." ;;
    esac
}

# uploaded_path NAME VALUE: the step that uploads reads patterns, exclusions and the home directory in its paths.
uploaded_path() {
    one_line "$1" "$2"
    case $2 in
    *'*'* | *'?'* | *'['* | '!'* | '#'* | '~'*) mistake "The input $1 has a character of file patterns." ;;
    esac
}

check_mirror() {
    case $GATE_MIRROR_URL in
    "") return ;;
    https://?*) ;;
    *)
        mistake "The input mirror-url does not begin with https://."
        return
        ;;
    esac
    case ${GATE_MIRROR_URL#https://} in
    *[!A-Za-z0-9._~:/%-]*) mistake "The input mirror-url has a character other than letters, digits and ._~:/%-." ;;
    esac
}

check_reports() {
    while IFS= read -r report || [ -n "$report" ]; do
        case ${report%"$carriage_return"} in
        "" | [a-z]*=?*) ;;
        *) mistake "A line of the input reports is not FORMAT=FILE." ;;
        esac
    done <<END
$GATE_REPORTS
END
}

check_inputs() {
    [ -n "$GATE_PATH" ] || mistake "The input path is empty."
    [ -n "$GATE_DATABASE" ] || mistake "The input database is empty."
    [ -n "$GATE_WORKING_DIRECTORY" ] || mistake "The input working-directory is empty."
    uploaded_path database "$GATE_DATABASE"
    uploaded_path sarif-file "$GATE_SARIF_FILE"
    uploaded_path working-directory "$GATE_WORKING_DIRECTORY"
    one_line sarif-category "$GATE_SARIF_CATEGORY"
    [ -z "$GATE_NEW_ONLY" ] || one_of new-only "$GATE_NEW_ONLY" true false
    one_of summary "$GATE_SUMMARY" true false
    one_of upload-artifact "$GATE_UPLOAD_ARTIFACT" true false
    one_of upload-sarif "$GATE_UPLOAD_SARIF" auto true false
    number retention-days "$GATE_RETENTION_DAYS"
    [ -z "$GATE_MAX_ANNOTATIONS" ] || number max-annotations "$GATE_MAX_ANNOTATIONS"
    case $GATE_ARTIFACT_NAME in
    "") mistake "The input artifact-name is empty." ;;
    *[\":\<\>\|\*\?\\/]* | *"$newline"* | *"$carriage_return"*) mistake "The input artifact-name has a character that no artifact's name can have." ;;
    esac
    case $GATE_VERSION in
    *[!0-9A-Za-z.+-]* | [!0-9]*) mistake "The input version is not like 1.2.3." ;;
    esac
    case ${#GATE_CHECKSUM}$GATE_CHECKSUM in
    0) ;;
    64*[!0-9a-f]*) mistake "The input checksum is not a SHA-256 in lower-case hexadecimal digits." ;;
    64*) ;;
    *) mistake "The input checksum is not a SHA-256 in lower-case hexadecimal digits." ;;
    esac
    check_mirror
    check_reports
    [ -z "$mistakes" ] || finish 2 "$mistakes"
}

# Whether the SARIF file goes to code scanning. The token of a pull request from another repository can only read.
decide_sarif_upload() {
    [ "$GATE_UPLOAD_SARIF" != false ] || return 0
    if [ "$GATE_EVENT_NAME" = pull_request ] && [ "$GATE_HEAD_REPOSITORY" != "$GITHUB_REPOSITORY" ]; then
        printf '%s\n' "::notice title=Factory Gate::The SARIF file is not uploaded: the token of a pull request from a fork can only read."
        return 0
    fi
    if [ "$GATE_UPLOAD_SARIF" = auto ] && [ -n "$GITEA_ACTIONS" ]; then
        printf '%s\n' "::notice title=Factory Gate::The SARIF file is not uploaded: this server has no code scanning."
        return 0
    fi
    output upload-sarif true
}
