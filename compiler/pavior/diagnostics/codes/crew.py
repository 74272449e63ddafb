"""What can be wrong with a cluster that `--executor` names (PV811 to PV813)."""

from __future__ import annotations

from pavior.diagnostics import Code

NO_SCHEDULER = Code(
    "PV811",
    "no-scheduler",
    what="No Dask scheduler answers at the address that `--executor` names, or Dask isn't installed.",
    why="Nothing is rendered or compared, and nothing is written.",
    fix="Start one with `dask scheduler`, and name its address as it says it, such as `tcp://host:8786`; install `pavior[dask]`."
    " Certificates for `tls://` are Dask's own settings.",
)
LOST_WORKERS = Code(
    "PV812",
    "lost-workers",
    what="The cluster's workers, or its scheduler, ended before the work. What one worker had that dies, others do.",
    why="The rest can't be done, so nothing is written.",
    fix="Look into the logs of workers and give them more memory, or more of them; or leave `--executor` out.",
)
OTHER_WORKER = Code(
    "PV813",
    "other-worker",
    what="A worker has another Pavior, Python or packages, or sees other files, than the machine that asks it.",
    why="Parts that were made of different things are no whole, so nothing is written.",
    fix="Start workers from one image with the machine that asks, and have all see the repository at one path, in one state.",
)
