#!/bin/sh
# Write requirements.txt, and those of fuzz/ and tools/, anew: the newest versions that pyproject.toml or a requirements.in allows, and what they
# need in turn, for every Python from 3.11 on and every platform, with the hashes of all files of a version. No address is written.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh python
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
.venv/bin/python -m venv "$fresh/uv"
"$fresh/uv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement tools/uv/requirements.txt

lock() { # what is written, uv's arguments
  written=$1
  shift
  {
    sed -n '/^#/p' "$written"
    "$fresh/uv/bin/uv" pip compile --quiet --no-config --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
      --no-annotate "$@"
  } >"$fresh/requirements.txt"
  cp "$fresh/requirements.txt" "$written"
}

lock requirements.txt pyproject.toml --all-extras --group dev
lock fuzz/requirements.txt --group pyproject.toml:fuzz
for wanted in tools/*/requirements.in; do
  lock "${wanted%.in}.txt" "$wanted"
done
