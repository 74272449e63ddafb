"""PV0xx: what is wrong with the folders and files of a platform repository."""

from __future__ import annotations

from pavior.diagnostics import Code, Severity

INVALID_NAME = Code(
    "PV001",
    "invalid-name",
    what="A folder's name cannot be the name of a team, a service, an environment, a component or a golden path.",
    why=(
        "The folder names what is rendered: namespaces, resources, labels and DNS names, which allow lower-case letters, digits "
        "and hyphens only. Services get 52 characters of the 63 because Kubernetes and rollouts append to them."
    ),
    fix="Rename the folder: a letter first, then letters, digits and hyphens, no hyphen last.",
)
RESERVED_NAME = Code(
    "PV002",
    "reserved-name",
    what="A folder has a name that Pavior or the cluster uses for something else.",
    why=(
        "A team's folder becomes its namespace and stands beside `argocd/`, `platform/` and `backstage/` in the rendered tree; a "
        "service stands beside `team/`, and `default` is an account that each namespace already has. Namespaces "
        "such as `default`, `kube-…` and `…-system` belong to the cluster."
    ),
    fix="Choose another name.",
)
NO_TEAM_FILE = Code(
    "PV003",
    "no-team-file",
    what="A folder in `teams/` has no `team.yaml`.",
    why="Without it nobody owns the services in the folder: no group, no contacts, no quota.",
    fix="Write a `team.yaml`, or move the folder out of `teams/`.",
)
NO_PLATFORM_FILE = Code(
    "PV004",
    "no-platform-file",
    what="A folder of a team has no `platform.yaml`.",
    why="It is not rendered. With `manifests/` or `patches/` in it, somebody thinks that it is, so then it is an error.",
    fix="Write a `platform.yaml`, or move the folder out of the team's.",
    severity=Severity.WARNING,
)
OUTSIDE_REPOSITORY = Code(
    "PV005",
    "outside-repository",
    what="A path or symbolic link leads out of the folders that Pavior reads.",
    why="What is rendered must follow from the reviewed repository alone, and no file of the machine may leak into it.",
    fix="Put the file into the repository, below `teams/`, `golden-paths/` or `schemas/`.",
)
NOT_A_PLAIN_FILE = Code(
    "PV006",
    "not-a-plain-file",
    what="A linked folder, or something that is no file, stands where a folder or file belongs.",
    why="Reading it may never end, or may read one file under two names.",
    fix="Replace it by a plain folder or file.",
)
UNREADABLE = Code(
    "PV007",
    "unreadable",
    what="A file or folder of the repository cannot be read.",
    why="What it says would be missing from what is rendered.",
    fix="Mend its permissions, or restore it.",
)
UNREAD_FILE = Code(
    "PV008",
    "unread-file",
    what="A file stands where Pavior reads files, but has a name that it does not read.",
    why="Its author probably expects it to do something.",
    fix="Rename it to `*.yaml`, or move it elsewhere.",
    severity=Severity.WARNING,
)
NO_DECLARATION = Code(
    "PV009",
    "no-declaration",
    what="A folder below `golden-paths/` has no `component.yaml` or `golden-path.yaml`.",
    why="Nothing says what the folder is, so nothing of it is rendered.",
    fix="Write the file, or move the folder out of `golden-paths/`.",
)
