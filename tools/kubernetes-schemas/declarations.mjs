// TypeScript declarations → JSON Schemas: closed, free of descriptions, self-contained.
//
// Declarations are walked as syntax, never as types; the checker only resolves names: expanding Istio's unions by
// TypeScript's own checker runs out of memory.
import path from "node:path";
import ts from "typescript";

const S = ts.SyntaxKind;
const KEYWORDS = { [S.StringKeyword]: "string", [S.NumberKeyword]: "number", [S.BooleanKeyword]: "boolean" };
const POINTER = "#/definitions/";
const isObject = (schema) => schema.type === "object";

/** @param files absolute paths of .d.ts files; @returns (file, interface name) → {root, definitions: Map}, or undefined. */
export function declarationReader(files) {
  const { NodeNext } = ts.ModuleKind;
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], module: NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return (file, name) => {
    const statements = program.getSourceFile(file).statements;
    const root = statements.find((statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name);
    if (!root) return undefined;
    const walk = new Walk(checker);
    return { root: walk.declaration(root), definitions: walk.definitions };
  };
}

class Walk {
  definitions = new Map();
  #names = new Map();

  constructor(checker) {
    this.checker = checker;
  }

  declaration(node) {
    if (ts.isTypeAliasDeclaration(node)) return this.type(node.type);
    const parents = (node.heritageClauses ?? []).flatMap((clause) => clause.types);
    const bases = parents.map((parent) => this.#target(this.#reference(parent.expression))).filter(isObject);
    const own = this.#members(node.members);
    return bases.length ? merge([...(own.properties ? [own] : []), ...bases], "every") : own;
  }

  type(node) {
    if (KEYWORDS[node.kind]) return { type: KEYWORDS[node.kind] };
    if (ts.isParenthesizedTypeNode(node)) return this.type(node.type);
    if (ts.isLiteralTypeNode(node)) return literal(node.literal);
    if (ts.isArrayTypeNode(node)) return { type: "array", items: this.type(node.elementType) };
    if (ts.isTypeLiteralNode(node)) return this.#members(node.members);
    if (ts.isIntersectionTypeNode(node)) return merge(node.types.map((part) => this.#target(this.type(part))).filter(isObject), "every");
    if (ts.isUnionTypeNode(node)) return union(node.types.map((part) => this.type(part)));
    if (ts.isTypeReferenceNode(node)) return this.#generic(node) ?? this.#reference(node.typeName);
    if (node.kind === S.UnknownKeyword || node.kind === S.AnyKeyword) return {};
    throw new Error(`unhandled ${S[node.kind]}: ${node.getText().slice(0, 80)}`);
  }

  #generic(node) {
    const [first, second] = node.typeArguments ?? [];
    switch (node.typeName.getText()) {
      case "Array": return { type: "array", items: this.type(first) };
      case "Record": return { type: "object", additionalProperties: this.type(second) };
      case "Exclude": return this.type(first);
      case "Partial": {
        const { required, ...optional } = this.#target(this.type(first));
        return optional;
      }
    }
  }

  #reference(name) {
    let symbol = this.checker.getSymbolAtLocation(name);
    if (symbol?.flags & ts.SymbolFlags.Alias) symbol = this.checker.getAliasedSymbol(symbol);
    if (symbol?.flags & ts.SymbolFlags.TypeParameter) return {};
    const node = symbol?.declarations?.find((each) => ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each));
    if (!node) throw new Error(`unresolved ${name.getText()} in ${name.getSourceFile().fileName}`);
    const id = this.#id(node, symbol.name);
    if (!this.definitions.has(id)) {
      this.definitions.set(id, {}); // stands in while a recursive declaration refers to itself
      this.definitions.set(id, this.declaration(node));
    }
    return { $ref: POINTER + id };
  }

  #id(node, name) {
    if (!this.#names.has(node)) {
      const short = name.replace(/^I(?=[A-Z])/, "").replace(/^IoK8s.*?(V\d\w*?)(?=[A-Z])/, "");
      const taken = new Set(this.#names.values());
      let id = short;
      for (let n = 2; taken.has(id); n++) id = `${short}${n}`;
      this.#names.set(node, id);
    }
    return this.#names.get(node);
  }

  #target(schema) {
    return schema.$ref ? this.definitions.get(schema.$ref.slice(POINTER.length)) : schema;
  }

  #members(members) { // closed, unless the declaration has an index signature or no member at all
    const schema = { type: "object" };
    for (const member of members) {
      if (ts.isIndexSignatureDeclaration(member)) {
        schema.additionalProperties = this.type(member.type);
        continue;
      }
      const key = member.name.text ?? member.name.getText();
      (schema.properties ??= {})[key] = this.type(member.type);
      if (!member.questionToken) (schema.required ??= []).push(key);
    }
    if (schema.properties) schema.additionalProperties ??= false;
    return schema;
  }
}

function literal(node) {
  if (node.kind === S.NullKeyword) return { type: "null" };
  return { enum: [ts.isStringLiteral(node) ? node.text : JSON.parse(node.getText())] };
}

function union(parts) {
  const values = parts.filter((part) => part.enum).flatMap((part) => part.enum);
  const objects = parts.filter((part) => isObject(part) && part.properties);
  const rest = parts.filter((part) => !part.enum && !objects.includes(part));
  if (values.length) rest.push({ enum: values });
  if (objects.length) rest.push(merge(objects, "any"));
  return rest.length === 1 ? rest[0] : { anyOf: rest };
}

/** Objects joined by "&" (every part binds) or "|" (any part will do: a field is required only where all parts require it). */
function merge(objects, mode) {
  const merged = { type: "object", properties: {}, additionalProperties: false };
  const demands = new Map();
  for (const part of objects) {
    for (const [key, value] of Object.entries(part.properties ?? {})) merged.properties[key] ??= value;
    if (part.additionalProperties !== false) merged.additionalProperties = part.additionalProperties ?? true;
    for (const key of part.required ?? []) demands.set(key, (demands.get(key) ?? 0) + 1);
  }
  const required = [...demands].filter(([, count]) => mode === "every" || count === objects.length).map(([key]) => key);
  return required.length ? { ...merged, required } : merged;
}

/** The schema with just the definitions that it uses. */
export function selfContained(root, definitions) {
  const used = {};
  const queue = [root];
  while (queue.length)
    for (const [, id] of JSON.stringify(queue.pop()).matchAll(/"#\/definitions\/([^"]+)"/g))
      if (!used[id]) queue.push((used[id] = definitions.get(id)));
  const names = Object.keys(used).sort();
  return names.length ? { ...root, definitions: Object.fromEntries(names.map((id) => [id, used[id]])) } : root;
}

/** The .d.ts files of `entry` (`group/version` or `group/version/Kind`) in a package's folder. */
export function declarationFiles(folder, entry, fs) {
  const place = path.join(folder, entry);
  if (fs.existsSync(`${place}.d.ts`)) return [`${place}.d.ts`];
  const isKind = (name) => name.endsWith(".d.ts") && name !== "index.d.ts" && !name.endsWith("List.d.ts");
  return fs.readdirSync(place).filter(isKind).sort().map((name) => path.join(place, name));
}
