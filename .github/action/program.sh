# shellcheck shell=sh
# Finds the program: the input binary, the tool cache, one asset of a release, or a build of the action's own source.
# Sourced by run.sh; sets `program`. What was downloaded is checked before any of it is used, and lies in RUNNER_TEMP.

releases=https://github.com/factory-gate/factory-gate
most_bytes=104857600 # an archive has some ten million

# Version of the action: that of its source.
own_version() {
    while IFS= read -r own_line; do
        case $own_line in
        'version = "'*'"')
            own_line=${own_line#*\"}
            printf '%s' "${own_line%\"}"
            return
            ;;
        esac
    done <"$GITHUB_ACTION_PATH/Cargo.toml"
}

# Name of the release's target for this runner, or nothing.
own_target() {
    case ${RUNNER_OS-}-${RUNNER_ARCH-} in
    Linux-X64) printf x86_64-unknown-linux-musl ;;
    Linux-ARM64) printf aarch64-unknown-linux-musl ;;
    macOS-X64) printf x86_64-apple-darwin ;;
    macOS-ARM64) printf aarch64-apple-darwin ;;
    Windows-X64) printf x86_64-pc-windows-msvc ;;
    esac
}

# listed NAME: its SHA-256 in the table, or nothing.
listed() {
    while read -r listed_digest listed_name; do
        if [ "$listed_name" = "$1" ]; then
            printf '%s' "$listed_digest"
            return
        fi
    done <"$GITHUB_ACTION_PATH/.github/action/checksums.txt"
}

# is_sha256 FILE DIGEST: whether that is the file's SHA-256.
is_sha256() {
    if command -v sha256sum >/dev/null; then
        sha256_said=$(sha256sum <"$1")
    elif command -v shasum >/dev/null; then
        sha256_said=$(shasum -a 256 <"$1")
    else
        finish 3 "No SHA-256 could be computed: neither sha256sum nor shasum is here."
    fi
    [ "${sha256_said%% *}" = "$2" ]
}

# From the tool cache, if it has the program of this version and the table knows it.
cached_program() {
    [ -n "${RUNNER_TOOL_CACHE-}" ] && [ -n "$target" ] || return 1
    cached=$RUNNER_TOOL_CACHE/factory-gate/$version/$target/factory-gate$suffix
    [ -f "$cached" ] || return 1
    cached_known=$(listed "factory-gate-$version-$target/factory-gate$suffix")
    if [ -z "$cached_known" ]; then
        echo "The tool cache has a factory-gate, but checksums.txt does not know that version: it is not used."
        return 1
    fi
    # What is compared is what runs: the cache belongs to other jobs, too.
    program=$directory/factory-gate$suffix
    cat <"$cached" >"$program" || finish 3 "The program could not be copied from the tool cache."
    is_sha256 "$program" "$cached_known" ||
        finish 3 "The factory-gate in the tool cache is not the one that was released: its SHA-256 is another."
    chmod 700 "$program"
}

# download URL FILE
download() {
    command -v curl >/dev/null || finish 3 "No curl to download factory-gate with: install it, or set the input binary."
    # -q: no configuration of this machine's. The size is limited thrice, since old versions of curl know it only
    # where the server says it, and not every shell knows ulimit.
    (
        ulimit -f $((most_bytes / 512)) 2>/dev/null || :
        exec curl -q --proto =https --proto-redir =https --tlsv1.2 --fail --silent --show-error --location \
            --max-redirs 5 --retry 4 --retry-max-time 120 --connect-timeout 20 --max-time 300 \
            --max-filesize "$most_bytes" --output "$2" -- "$1"
    ) || finish 3 "The release of factory-gate could not be downloaded. Where there is no way to it, set mirror-url or binary."
    [ "$(wc -c <"$2")" -le "$most_bytes" ] || finish 3 "What was downloaded as factory-gate is far too large."
}

downloaded_program() {
    [ -n "$target" ] || return 1
    stem=factory-gate-$version-$target
    expected=$(listed "$stem.tar.gz")
    if [ -n "$expected" ] && [ -n "$GATE_CHECKSUM" ] && [ "$GATE_CHECKSUM" != "$expected" ]; then
        finish 2 "The input checksum is not the one that the action's table has for this release."
    fi
    expected=${expected:-$GATE_CHECKSUM}
    [ -n "$expected" ] || return 1
    base=${GATE_MIRROR_URL:-$releases}
    download "${base%/}/releases/download/v$version/$stem.tar.gz" "$directory/archive"
    is_sha256 "$directory/archive" "$expected" ||
        finish 3 "What was downloaded is not the release of factory-gate: its SHA-256 is another. Nothing of it was run."
    program=$directory/factory-gate$suffix
    # One member, to a name of our own: no path in the archive decides where anything is written.
    gzip -dc <"$directory/archive" | tar -xOf - "$stem/factory-gate$suffix" >"$program" ||
        finish 3 "The release of factory-gate could not be unpacked."
    rm -f -- "$directory/archive"
    chmod 700 "$program"
}

built_program() {
    if [ "$version" != "$(own_version)" ]; then
        finish 2 "No checksum is known of that version of factory-gate: set the input checksum."
    fi
    if [ -n "$GATE_CHECKSUM$GATE_MIRROR_URL" ] && [ -z "$target" ]; then
        finish 2 "There is no release for this kind of runner: leave checksum and mirror-url empty, or set binary."
    fi
    [ -z "$GATE_MIRROR_URL" ] || finish 2 "The action knows no checksum for the mirror's release: set the input checksum."
    command -v cargo >/dev/null || finish 3 "No cargo to build with: install Rust, or set the input binary."
    echo "No release of factory-gate $version for this runner is in checksums.txt: building it from the action's source."
    built=$RUNNER_TEMP/factory-gate-target
    # In the action's directory: cargo obeys a .cargo/config.toml or rust-toolchain.toml of the directory it starts
    # in, and those of the workspace belong to whoever wrote the change.
    (
        cd -- "$GITHUB_ACTION_PATH" &&
            env -u CARGO_BUILD_TARGET CARGO_TARGET_DIR="$built" cargo build --release --locked --bin factory-gate
    ) || finish 3 "factory-gate could not be built."
    program=$built/release/factory-gate$suffix
}

find_program() {
    if [ -n "$GATE_BINARY" ]; then
        program=$GATE_BINARY
        command -v -- "$program" >/dev/null || finish 2 "The input binary names no program that can be run."
        source_of_program=binary
    else
        version=${GATE_VERSION:-$(own_version)}
        target=$(own_target)
        suffix=
        [ "${RUNNER_OS-}" != Windows ] || suffix=.exe
        directory=$(mktemp -d "$RUNNER_TEMP/factory-gate-XXXXXXXX") || finish 3 "RUNNER_TEMP cannot be written to."
        if cached_program; then
            source_of_program=tool-cache
        elif downloaded_program; then
            source_of_program=download
        else
            built_program
            source_of_program=build
        fi
    fi
    said_version=$("$program" --version) || said_version=
    said_version=${said_version#factory-gate }
    case $said_version in
    *[!0-9A-Za-z.+-]*) said_version= ;;
    esac
    if [ "$source_of_program" != binary ] && [ "$said_version" != "$version" ]; then
        finish 3 "The program does not run, or is not the version that it should be."
    fi
    output version "$said_version"
    output program-source "$source_of_program"
}
