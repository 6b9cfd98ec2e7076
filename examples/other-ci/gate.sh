#!/bin/sh
# The gate in any CI system that runs a shell: the step ends with the gate's exit code, and the record is kept first.
#   gate.sh WORKSPACE DIRECTORY-FOR-RECORDS
set -eu
code=0
factory-gate run "$1" --database "$2/factory_deployment.db" || code=$?
if [ -f "$2/factory_deployment.db" ]; then
    sha256sum "$2/factory_deployment.db"
fi
exit "$code"
