"""What the documents show is true: runs the program on a copy of examples/dirty-workspace as its README tells, compares
what is found with the README's table, and runs every SQL query of the documents on the record.

    python3 tests/documents.py path/to/factory-gate
"""

import hashlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIRTY = ROOT / "examples" / "dirty-workspace"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md", DIRTY / "README.md"]:
        complete(document)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = pathlib.Path(scratch, "dirty")
        record = pathlib.Path(scratch, "dirty.db")
        shutil.copytree(DIRTY, workspace, symlinks=True)
        before = contents(workspace)

        expect("a run without --apply", run(program, workspace, record), 1)
        output(program, workspace, pathlib.Path(scratch, "shown.db"))
        expect("what it changed in the workspace", contents(workspace), before)
        expect("what it found", found(record), promised())

        expect("a run with --apply=cleanup", run(program, workspace, record, "--apply=cleanup"), 1)
        gone = {"build/a.tmp", "build/old", "build/old/b.tmp"}
        left = {path: what for path, what in before.items() if path not in gone}
        expect("what cleanup left", contents(workspace), left)
        expect("what the record says about it", actions(record), dict.fromkeys(gone, "removed"))

        expect("verify", subprocess.run([program, "verify", record], check=False).returncode, 0)
        queries(record)


def complete(document):
    """Nothing is left to be filled in, and every link to a file leads to one."""
    text = document.read_text(encoding="utf-8")
    if "OUTPUT GOES HERE" in text:
        sys.exit(f"{document.name}: the output of a real run is missing")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        if not (document.parent / target).exists():
            sys.exit(f"{document.name}: {target} does not exist")


def expect(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}:\n  expected {expected!r}\n  actual   {actual!r}")


def run(program, workspace, record, *more):
    # Without the variables of a CI system, so that a test run leaves no annotations or outputs behind.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    command = [program, "run", workspace, "--database", record, "--color", "never", *more]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode


def output(program, workspace, record):
    """Each line of the output in the README stands in a real run's output, in the same order."""
    block = re.search(r"^```text\n\$ cargo run[^\n]*\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    if block is None:
        sys.exit("README.md shows no run")
    command = [program, "run", workspace, "--database", record, "--color", "never", "--quiet"]
    printed = subprocess.run(command, stdout=subprocess.PIPE, env={}, check=False).stdout.decode()
    lines = iter([steady(line) for line in printed.splitlines()])
    for line in block[1].splitlines():
        if line not in ("", "...") and steady(line) not in lines:
            sys.exit(f"README.md shows a line that a run does not print, or not there:\n{line}")


def steady(line):
    """Without what differs from run to run: times, the session's name, where the record lies, its digest."""
    line = re.sub(r"\d+ ms$|[0-9a-f]{64}|FACTORY_DEPLOY_\w+", "...", line)
    return re.sub(r"^(  Database  ).*|(?<=completed) +", r"\1", line)


def contents(workspace):
    """Path to what is there: a link's target, a file's mode and digest, or that it is a directory."""
    seen = {}
    for path in sorted(workspace.rglob("*")):
        name = str(path.relative_to(workspace))
        if path.is_symlink():
            seen[name] = os.readlink(path)
        elif path.is_dir():
            seen[name] = "directory"
        else:
            seen[name] = (path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
    return seen


def rows(record, query):
    # Read-only, as a program would that must not change evidence.
    connection = sqlite3.connect(f"file:{record}?mode=ro&immutable=1", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def found(record):
    query = """SELECT rule_id, path, state FROM violations
        WHERE severity <> 'note' AND deployment_id = (SELECT deployment_id FROM v_latest_session)"""
    return sorted(set(rows(record, query)))


def promised():
    row = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| (open|suppressed) \|", re.MULTILINE)
    return sorted(row.findall((DIRTY / "README.md").read_text(encoding="utf-8")))


def actions(record):
    query = """SELECT target_path, action_result FROM cleanup_actions
        WHERE deployment_id = (SELECT deployment_id FROM v_latest_session)"""
    return dict(rows(record, query))


def queries(record):
    """Each query must run, and must show something on this record: one that shows nothing proves nothing."""
    count = 0
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for query in filter(None, map(str.strip, block.split(";\n"))):
                count += 1
                try:
                    shown = rows(record, query)
                except sqlite3.Error as error:
                    sys.exit(f"{document.name}: {error}:\n{query}")
                if not shown:
                    sys.exit(f"{document.name}: shows nothing:\n{query}")
    if count == 0:
        sys.exit("the documents have no queries: the pattern that finds them is wrong")
    print(f"documents: {count} queries hold")


main()
