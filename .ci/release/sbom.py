"""The crates that the program is made of, as a CycloneDX 1.6 document on standard output.

    python3 .ci/release/sbom.py VERSION

All normal and build dependencies of all targets, with the checksums of Cargo.lock. No time and no serial number, so that the
same source gives the same bytes.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def used(metadata):
    """Ids of the packages that the program is built from or with; what only tests need is not among them."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    seen, todo = set(), [metadata["resolve"]["root"]]
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        for dependency in nodes[one]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                todo.append(dependency["pkg"])
    return seen


def component(package, checksums):
    name, version = package["name"], package["version"]
    purl = f"pkg:cargo/{name}@{version}"
    described = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if package.get("license"):
        # Older crates write A/B for A OR B.
        described["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    checksum = checksums.get((name, version))
    if checksum:
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return described


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(one["name"], one["version"]): one["checksum"] for one in lock["package"] if "checksum" in one}
    ids, root = used(metadata), metadata["resolve"]["root"]
    packages = {package["id"]: package for package in metadata["packages"]}
    purls = {one: f"pkg:cargo/{packages[one]['name']}@{packages[one]['version']}" for one in ids}
    if packages[root]["version"] != sys.argv[1]:
        sys.exit(f"the version to list is {sys.argv[1]}, and Cargo.toml says {packages[root]['version']}")
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**component(packages[root], {}), "type": "application"}},
        "components": sorted(
            (component(packages[one], checksums) for one in ids - {root}), key=lambda one: one["purl"]
        ),
        "dependencies": sorted(
            (
                {
                    "ref": purls[one],
                    "dependsOn": sorted({purls[d] for d in nodes[one]["dependencies"] if d in ids}),
                }
                for one in ids
            ),
            key=lambda one: one["ref"],
        ),
    }
    print(json.dumps(document, indent=1))


main()
