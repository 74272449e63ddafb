// Every dashboard against the types that Grafana publishes: TypeScript checks each document as a literal, so that a field that isn't there is an error.
import path from "node:path";
import ts from "typescript";
import { manifests } from "./rendered.mjs";

const PRELUDE = `
import type { Dashboard } from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";
type Plain<T> = T extends string ? \`\${T}\` : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
`;

// What Prometheus asks of an annotation; the published types know only what Grafana's own annotations have.
const ASKED = ["expr", "step", "titleFormat", "textFormat"];

function known(document) {
  for (const annotation of document.annotations.list) for (const field of ASKED) delete annotation[field];
  return document;
}

const lines = [PRELUDE];
const files = [];
for (const { file, manifest } of manifests()) {
  const documents = manifest.kind === "GrafanaDashboard" ? [manifest.spec.json]
    : manifest.kind === "ConfigMap" && path.basename(file) === "dashboard.yaml" ? Object.values(manifest.data) : [];
  for (const document of documents) {
    lines.push(`export const dashboard${files.length}: Plain<Dashboard> = ${JSON.stringify(known(JSON.parse(document)))};\n`);
    files.push(file);
  }
}
const name = path.join(import.meta.dirname, "dashboards.generated.ts");
const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
const text = lines.join("");
host.fileExists = (file) => file === name || fileExists.call(host, file);
host.getSourceFile = (file, ...rest) => (file === name ? ts.createSourceFile(name, text, rest[0]) : getSourceFile.call(host, file, ...rest));
const program = ts.createProgram([name], options, host);
const faults = ts.getPreEmitDiagnostics(program);
for (const fault of faults) {
  const before = text.slice(0, fault.start).match(/export const dashboard(\d+)/g)?.at(-1)?.match(/\d+/)[0];
  console.error(`${files[before] ?? "types"}: ${ts.flattenDiagnosticMessageText(fault.messageText, "\n")}`);
}
console.log(`dashboards: ${files.length} documents, ${faults.length} faults`);
process.exit(faults.length || !files.length ? 1 : 0);
