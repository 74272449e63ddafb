// The manifests below rendered/, each with its file.
import fs from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";

export const root = process.env.PAVIOR_RENDERED ?? path.join(import.meta.dirname, "../../rendered");

export function* manifests(below = "") {
  for (const entry of fs.readdirSync(path.join(root, below), { recursive: true }).sort()) {
    if (!entry.endsWith(".yaml")) continue;
    const file = path.join(below, entry);
    for (const document of parseAllDocuments(fs.readFileSync(path.join(root, file), "utf8")))
      if (document.contents) yield { file, manifest: document.toJS() };
  }
}
