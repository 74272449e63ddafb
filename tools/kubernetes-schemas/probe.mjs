// What declarations can't say: integers, ranges, enums, patterns. The packages' own validators know them, but only as
// compiled functions, blind to unknown fields. So each scalar of a schema is probed: a document that holds a bad value at
// just that place goes through the validator, and what the validator says of that place becomes a keyword of the schema.
const POINTER = "#/definitions/";
const LONG = "x".repeat(10_001);
const QUANTITY = "^[+-]?([0-9]+|[0-9]+\\.[0-9]*|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
// Go's, Rust's and Python's regular expressions share no look-around and no back-references.
const PORTABLE = /^(?!.*(\(\?|\\[1-9]|\\[pP]\{|\\u))/s;

/** Tightens `root` and `definitions` in place. `validate` is document → list of {instancePath, keyword, params}. */
export function probe(root, definitions, validate) {
  for (const [path, schema] of places(root, definitions)) {
    const said = (value) => validate(nest(path, value)).filter((error) => error.instancePath === pointer(path));
    for (const branch of schema.anyOf ?? [schema]) tighten(branch, said);
  }
}

function tighten(schema, said) {
  if (schema.type === "number") tightenNumber(schema, said);
  else if (schema.type === "string") tightenString(schema, said);
  else if (schema.type === "array") tightenArray(schema, said);
}

function tightenNumber(schema, said) {
  if (said(1.5).some((error) => error.keyword === "type" && error.params.type === "integer")) schema.type = "integer";
  const errors = [...said(-1e15), ...said(1e15)];
  if (errors.some((error) => error.keyword === "format" && error.params.format === "int32")) Object.assign(schema, INT32);
  for (const { keyword, params } of errors)
    if (["minimum", "maximum"].includes(keyword)) schema[keyword] = params.limit;
    else if (["exclusiveMinimum", "exclusiveMaximum"].includes(keyword)) schema[keyword] = params.limit;
    else if (keyword === "enum") schema.enum = params.allowedValues;
}

function tightenString(schema, said) {
  for (const { keyword, params } of [...said("\u0001?"), ...said(""), ...said(LONG)])
    if (keyword === "enum") schema.enum ??= params.allowedValues.filter((value) => typeof value === "string");
    else if (keyword === "minLength" || keyword === "maxLength") schema[keyword] = params.limit;
    else if (keyword === "pattern" && PORTABLE.test(params.pattern)) schema.pattern ??= params.pattern;
    else if (keyword === "format" && params.format === "quantity") Object.assign(schema, { pattern: QUANTITY, $comment: "a quantity such as `250m` or `1Gi`" });
  if (schema.enum?.some((value) => said(value).some((error) => error.keyword === "enum"))) delete schema.enum; // branches disagree
  if (schema.enum) delete schema.type;
}

function tightenArray(schema, said) {
  for (const { keyword, params } of [...said([]), ...said(Array(300).fill("x"))])
    if (keyword === "minItems" || keyword === "maxItems") schema[keyword] = params.limit;
}

/** Every schema below `root` with the shortest path that leads to it, each once. */
function* places(root, definitions) {
  const seen = new Set();
  const queue = [[[], root]];
  for (const [path, reference] of queue) {
    const schema = reference.$ref ? definitions.get(reference.$ref.slice(POINTER.length)) : reference;
    if (seen.has(schema)) continue;
    seen.add(schema);
    yield [path, schema];
    for (const branch of schema.anyOf ?? [schema]) {
      const target = branch.$ref ? definitions.get(branch.$ref.slice(POINTER.length)) : branch;
      if (target !== schema && seen.has(target)) continue;
      seen.add(target);
      for (const [key, value] of Object.entries(target.properties ?? {})) queue.push([[...path, key], value]);
      if (target.items) queue.push([[...path, 0], target.items]);
      if (typeof target.additionalProperties === "object") queue.push([[...path, "x"], target.additionalProperties]);
    }
  }
}

const nest = (path, value) => path.reduceRight((inner, step) => (step === 0 ? [inner] : { [step]: inner }), value);
const pointer = (path) => path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
