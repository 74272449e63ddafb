// node generate.mjs: writes schemas/kubernetes/<group>/<kind>_<version>.json for everything that sources.json lists, and the
// checksums of what went in and came out, which tests compare without Node.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { catalogueSchemas } from "./catalogue.mjs";
import { declarationFiles, declarationReader, selfContained } from "./declarations.mjs";
import { probe } from "./probe.mjs";
import { refine } from "./refine.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "node_modules");
const repository = path.join(here, "../..");
const out = path.join(repository, "schemas/kubernetes");
const read = (name) => JSON.parse(fs.readFileSync(path.join(here, name), "utf8"));

const refinements = read("refinements.json");
const applied = new Set();
let count = 0;

function write(group, version, kind, schema) {
  for (const name of refine(schema, { group, version, kind }, refinements)) applied.add(name);
  const folder = path.join(out, group || version);
  fs.mkdirSync(folder, { recursive: true });
  const document = { $schema: "http://json-schema.org/draft-07/schema#", ...schema };
  fs.writeFileSync(path.join(folder, `${kind.toLowerCase()}_${version}.json`), `${JSON.stringify(document)}\n`);
  count += 1;
}

/** The package's compiled validator of one kind, as document → errors. (The class's own `validate()` words each error first: slow.) */
async function validator(file) {
  const source = [".mjs", ".js"].map((ending) => file.replace(/\.d\.ts$/, ending)).find((name) => fs.existsSync(name));
  const [, target] = /from"([^"]*\/_schemas\/[^"]+)"/.exec(fs.readFileSync(source, "utf8"));
  const { validate } = await import(pathToFileURL(path.resolve(path.dirname(source), target)));
  return (document) => (validate(document) ? [] : validate.errors);
}

for (const entry of fs.existsSync(out) ? fs.readdirSync(out, { withFileTypes: true }) : [])
  if (entry.isDirectory()) fs.rmSync(path.join(out, entry.name), { recursive: true }); // beside them stands definitions.json, ours
const files = Object.entries(read("sources.json")).flatMap(([name, entries]) =>
  entries.flatMap((entry) => declarationFiles(path.join(modules, name), entry, fs)));
const declaration = declarationReader(files);
for (const file of files) {
  const kind = path.basename(file, ".d.ts");
  const { root, definitions } = declaration(file, `I${kind}`) ?? {};
  const [apiVersion] = root?.properties?.apiVersion?.enum ?? [];
  if (!apiVersion || !root.properties.kind?.enum) continue;
  delete root.properties.status; // the cluster's to write, never a repository's
  root.required = [...new Set([...(root.required ?? []), "apiVersion", "kind", "metadata"])].filter((key) => key !== "status").sort();
  probe(root, definitions, await validator(file));
  const [version, group = ""] = apiVersion.split("/").reverse();
  write(group, version, kind, selfContained(root, definitions));
}
for (const { group, version, kind, schema } of catalogueSchemas(modules)) write(group, version, kind, schema);

const unused = refinements.filter((refinement) => !applied.has(refinement.name));
if (unused.length) throw new Error(`refinements that match nothing: ${unused.map((each) => each.name).join(", ")}`);

const inputs = fs.readdirSync(here).filter((name) => /\.(mjs|json)$/.test(name)).map((name) => path.join(here, name));
const outputs = fs.readdirSync(out, { recursive: true }).filter((name) => name.includes(path.sep) && name.endsWith(".json"));
const lines = [...inputs, ...outputs.map((name) => path.join(out, name))].map((file) => {
  const checksum = crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  return `${checksum}  ${path.relative(repository, file).replaceAll(path.sep, "/")}\n`;
});
fs.writeFileSync(path.join(out, "generated.sha256"), lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(""));
console.log(`${count} schemas`);
