#!/bin/sh
# The action's last step: ends with the gate's exit code.
set -eu

if [ "${GATE_SARIF_OUTCOME-}" = failure ]; then
    printf '%s\n' "::warning title=Factory Gate::The SARIF file could not be uploaded. That takes \`permissions: security-events: write\` and code scanning in this repository; the verdict does not depend on it."
fi
# Without a code the first step did not get to its end: undecided.
case ${GATE_EXIT_CODE-} in
"" | *[!0-9]*) exit 3 ;;
*) exit "$GATE_EXIT_CODE" ;;
esac
