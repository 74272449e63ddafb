// Backstage's own validators over rendered/backstage, and whether every reference finds its entity.
import {
  apiEntityV1alpha1Validator, componentEntityV1alpha1Validator, domainEntityV1alpha1Validator, entityEnvelopeSchemaValidator, EntityPolicies,
  FieldFormatEntityPolicy, groupEntityV1alpha1Validator, locationEntityV1alpha1Validator, NoForeignRootFieldsEntityPolicy, parseEntityRef,
  resourceEntityV1alpha1Validator, SchemaValidEntityPolicy, stringifyEntityRef, systemEntityV1alpha1Validator,
} from "@backstage/catalog-model";
import { manifests } from "./rendered.mjs";

const policy = EntityPolicies.allOf([new SchemaValidEntityPolicy(), new NoForeignRootFieldsEntityPolicy(), new FieldFormatEntityPolicy()]);
const envelope = entityEnvelopeSchemaValidator();
const kinds = [
  apiEntityV1alpha1Validator, componentEntityV1alpha1Validator, domainEntityV1alpha1Validator, groupEntityV1alpha1Validator,
  locationEntityV1alpha1Validator, resourceEntityV1alpha1Validator, systemEntityV1alpha1Validator,
];
const fields = {
  owner: "group", parent: "group", children: "group", system: "system", domain: "domain", dependsOn: "component", providesApis: "api", consumesApis: "api",
};

const entities = new Map();
const faults = [];
for (const { file, manifest } of manifests("backstage")) {
  const name = stringifyEntityRef(manifest);
  if (entities.has(name)) faults.push(`${file}: ${name} is in ${entities.get(name).file} too`);
  entities.set(name, { file, manifest });
  try {
    envelope(manifest);
    await policy.enforce(manifest);
    const known = await Promise.all(kinds.map((kind) => kind.check(manifest)));
    if (!known.includes(true)) faults.push(`${file}: ${name} is of no kind that the catalogue knows`);
  } catch (error) {
    faults.push(`${file}: ${name}: ${error.message}`);
  }
}
for (const [name, { file, manifest }] of entities)
  for (const [field, defaultKind] of Object.entries(fields))
    for (const reference of [manifest.spec[field] ?? []].flat()) {
      const found = stringifyEntityRef(parseEntityRef(reference, { defaultKind, defaultNamespace: manifest.metadata.namespace }));
      if (!entities.has(found)) faults.push(`${file}: ${field} of ${name} is ${found}, which is not there`);
    }
for (const fault of faults) console.error(fault);
console.log(`catalogue: ${entities.size} entities, ${faults.length} faults`);
process.exit(faults.length || !entities.size ? 1 : 0);
