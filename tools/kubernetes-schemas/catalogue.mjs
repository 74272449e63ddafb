// Backstage's catalogue kinds and scaffolder template: JSON Schemas already, here made self-contained, closed, free of prose.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const PROSE = new Set(["$schema", "$id", "description", "examples", "title", "default", "deprecated"]);
const OPEN = new Set(["parameters", "secrets"]); // people write JSON Schema there
const SUFFIX = ".schema.json.cjs.js";

/** @returns list of {group, version, kind, schema}. */
export function catalogueSchemas(modules) {
  const require = createRequire(path.join(modules, "x"));
  const load = (file) => JSON.parse(JSON.stringify(require(file).default ?? require(file)));
  const base = path.join(modules, "@backstage/catalog-model/dist/schema");
  const meta = load(path.join(base, `EntityMeta${SUFFIX}`));
  const kinds = fs.readdirSync(path.join(base, "kinds")).filter((name) => /^[A-Za-z]+\.v1alpha1\.schema\.json\.cjs\.js$/.test(name));
  const template = path.join(modules, `@backstage/plugin-scaffolder-common/dist/Template.v1beta3${SUFFIX}`);
  return [...kinds.sort().map((name) => path.join(base, "kinds", name)), template].map((file) => entity(load(file), meta));
}

function entity(source, meta) {
  const own = source.allOf.find((part) => part.properties);
  const { apiVersion, kind, spec } = own.properties;
  const [group, version] = apiVersion.enum[0].split("/");
  const root = {
    type: "object",
    properties: { apiVersion: { enum: [apiVersion.enum[0]] }, kind, metadata: close(meta), ...(spec && { spec: close(spec) }) },
    required: [...new Set(["apiVersion", "kind", "metadata", ...(own.required ?? [])])].sort(),
    additionalProperties: false,
  };
  const definitions = Object.entries(source.definitions ?? {}).map(([id, schema]) => [id, close(schema)]);
  const schema = definitions.length ? { ...root, definitions: Object.fromEntries(definitions) } : root;
  return { group, version, kind: kind.enum[0], schema: anchored(schema) };
}

function close(schema, open = false) {
  if (Array.isArray(schema)) return schema.map((part) => close(part, open));
  if (schema === null || typeof schema !== "object") return schema;
  const closed = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (PROSE.has(keyword)) continue;
    if (keyword === "properties")
      closed.properties = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, close(part, open || OPEN.has(name))]));
    else if (!(keyword === "required" && value.length === 0)) closed[keyword] = close(value, open);
  }
  if (closed.properties && !open && (closed.additionalProperties ?? true) === true) closed.additionalProperties = false;
  if (closed.patternProperties) { // labels and annotations
    [closed.additionalProperties] = Object.values(closed.patternProperties);
    delete closed.patternProperties;
  }
  return closed;
}

/** `$ref: "#reference"` is an anchor that only few validators know; the definition of that name is known to all. */
function anchored(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll(/"\$ref":"#(\w+)"/g, '"$ref":"#/definitions/$1"'));
}
