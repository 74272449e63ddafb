#!/bin/sh
# Write requirements.txt anew: the newest versions that pyproject.toml allows, and what they need in turn.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh python
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
.venv/bin/python -m venv "$fresh"
"$fresh/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
"$fresh/bin/python" -m pip install --quiet --group dev .
"$fresh/bin/python" -m pip uninstall --quiet --yes pavior
{
  sed -n '/^#/p' requirements.txt
  "$fresh/bin/python" -m pip freeze --exclude pip --exclude setuptools | tr '[:upper:]' '[:lower:]' | LC_ALL=C sort
} >"$fresh/requirements.txt"
cp "$fresh/requirements.txt" requirements.txt
