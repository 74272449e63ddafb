// What neither declarations nor validators say, but the API servers enforce: refinements.json.

/** Applies each refinement that fits the kind, in place; @returns the names of those applied. */
export function refine(schema, { group, version, kind }, refinements) {
  const fits = ({ apiVersion, kind: wanted }) =>
    (!apiVersion || apiVersion === [group, version].filter(Boolean).join("/")) && (!wanted || wanted === kind);
  return refinements.filter(fits).filter(({ at, set }) => {
    const target = at.split("/").slice(1).reduce((part, step) => part?.[step.replaceAll("~1", "/")], schema);
    if (target) Object.assign(target, set);
    return Boolean(target);
  }).map(({ name }) => name);
}
