"""Codes of the plan phase: what the present tree says against writing the new one."""

from pavior.diagnostics import Code

DIFFERS = Code(
    "PV701",
    "differs",
    what="A file under `rendered/` is not what would be rendered: it differs, is missing, or is rendered from nothing any more.",
    why="What is merged is what Argo CD applies: a tree that lags behind its sources runs something nobody wrote.",
    fix="Run `pavior render` and commit the result.",
    command="pavior render",
)
FOREIGN_FILE = Code(
    "PV702",
    "foreign-file",
    what="Something that Pavior did not write stands where an artifact belongs.",
    why="Pavior overwrites and deletes only files whose first line says that it rendered them.",
    fix="Move it elsewhere or delete it, then render again.",
)
SYMBOLIC_LINK = Code(
    "PV703",
    "symbolic-link",
    what="A folder under `rendered/`, or `rendered/` itself, is a symbolic link.",
    why="Writing through it would change files outside of the rendered tree.",
    fix="Replace the link by a folder, or delete it.",
)
DATA_REMOVED = Code(
    "PV704",
    "data-removed",
    what="A manifest that holds data is in the present tree and not in the new one: an entry of `needs`, a service or "
    "an environment was removed, renamed or moved.",
    why="Argo CD would ask to delete the database, queue or bucket behind it; a rename makes a new and empty one.",
    fix="Put it back, or add a `retired:` note that names resource, environment, owner and date: in platform.yaml, or in "
    "team.yaml for a service that is gone.",
)
IMMUTABLE_CHANGED = Code(
    "PV705",
    "immutable-changed",
    what="A field changes that can't change without losing what the manifest holds.",
    why="The resource behind it would be made anew, and empty.",
    fix="Set the field back, or make a new entry, move the data, and retire the old one with a `retired:` note.",
)
ARTIFACT_TAKEN = Code(
    "PV706",
    "artifact-taken",
    what="Two services, teams or environments render an artifact to one path.",
    why="One of them would overwrite the other.",
    fix="Make the path of `artifact:` in component.yaml name what it is rendered for: `{{ team.name }}/{{ service.name }}`.",
)
STRANGER = Code(
    "PV708",
    "not-rendered",
    what="A file lies in the rendered tree that Pavior did not render: a manifest, or one that says how others are read, "
    "such as `Kustomization`. Notes (`*.md`, `*.txt`) and hidden files that are no manifests may lie there.",
    why="It is synced like the others, or changes how they are, but no golden path made it and no check has seen it.",
    fix="Delete it; what a service needs beside its golden path belongs into its `manifests/`.",
)
UNREADABLE_DATA = Code(
    "PV707",
    "unreadable-data",
    what="A present file of manifests that hold data was edited so that it can't be read.",
    why="Pavior can't tell whether writing over it would destroy something.",
    fix="Restore the file as it was committed (`git checkout -- <file>`), then render again.",
)
UNREADABLE_BASE_DATA = Code(
    "PV710",
    "unreadable-base-data",
    what="A file of manifests that hold data can't be read as the base of this change has it.",
    why="Pavior can't tell whether this change destroys something that the base has.",
    fix="Render the file anew on the base's branch first, then bring this change up to date with it.",
)
UNREADABLE_TREE = Code(
    "PV711",
    "unreadable-tree",
    what="A file of a tree that is compared is not YAML, or no manifest.",
    why="What differs in it is unknown.",
    fix="Mend the file, or leave it out of the tree.",
)
