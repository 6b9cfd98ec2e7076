#!/usr/bin/env bash
# Would the fault tests notice a program that forgets its intents? Builds such a program from a copy of the source, in
# which an intent is written only together with its result, and runs the fault tests with it: they must fail.
#
#   tests/mutant.sh
#
# Takes a build of the library (the copy shares no target directory with the source, which must not be made stale) and
# about a minute of faults. MUTANT_TARGET names a target directory to keep.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
target=${MUTANT_TARGET:-$scratch/target}
copy=$scratch/copy
mkdir "$copy"
git ls-files -z -- Cargo.toml Cargo.lock .cargo src benches tests README.md | tar --null --files-from=- --create | tar --extract --directory "$copy"

python3 - "$copy/src/store/recorder.rs" <<'PATCH'
import re, sys
path = sys.argv[1]
text = open(path).read()
honest = re.compile(
    r"(pub fn journal\(&self, settled: &\[SettledRow\], intents: &\[u32\]\) -> Result<\(\), StoreError> \{\n).*?\n    \}\n",
    re.S,
)
forgetful = r"""\1        static HELD: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());
        let held = HELD
            .lock()
            .map(|mut held| std::mem::replace(&mut *held, intents.to_vec()))
            .unwrap_or_default();
        let settled = settled.to_vec();
        self.feed.transact_durably(move |conn, _| {
            journal::advance(conn, &[], &held)?;
            journal::advance(conn, &settled, &[])
        })
    }
"""
text, count = honest.subn(forgetful, text)
if count != 1:
    sys.exit(f"Recorder::journal was found {count} times: tests/mutant.sh must be brought up to date")
open(path, "w").write(text)
PATCH

cargo build --quiet --locked --manifest-path "$copy/Cargo.toml" --target-dir "$target"
code=0
FG_BINARY=$target/debug/factory-gate cargo test --locked --test it faults:: -- --nocapture >"$scratch/said" 2>&1 || code=$?
grep -E '^[0-9]+ faults: ' "$scratch/said" || true
flags=$(grep -c 'its intent did not survive' "$scratch/said" || true)
if [ "$code" = 0 ] || [ "$flags" = 0 ]; then
    tail -n 50 "$scratch/said" >&2
    echo "NOT CAUGHT: the fault tests take a program without durable intents for an honest one" >&2
    exit 1
fi
echo "caught: $flags files that went without a durable intent"
