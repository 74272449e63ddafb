#!/bin/sh
# release.sh build | components | tag: the steps of a release, as .github/workflows/release.yml runs them and anybody can.
#   build       the wheel and the source distribution, into dist/, the same bytes for the same commit
#   components  what the wheel brings along when it is installed, as CycloneDX, into dist-components/
#   tag TAG     fails unless TAG is the version of pyproject.toml after a v
set -eu
cd "$(dirname "$0")/.."
unset PYTHONPATH

version() {
  .venv/bin/python -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])'
}

build() {
  rm -rf dist
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) .venv/bin/python -m hatchling build --directory dist
}

components() {
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
  .venv/bin/python -m venv "$fresh/lister"
  "$fresh/lister/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement tools/release/requirements.txt
  # Constraints may have no hashes. Nothing of what is installed here is run.
  sed 's/ *\\$//; /--hash=/d' requirements.txt >"$fresh/constraints.txt"
  .venv/bin/python -m venv --without-pip "$fresh/installed"
  .venv/bin/python -m pip --python "$fresh/installed/bin/python" install --quiet --disable-pip-version-check --only-binary :all: \
    --constraint "$fresh/constraints.txt" dist/*.whl
  mkdir -p dist-components
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) "$fresh/lister/bin/cyclonedx-py" environment --pyproject pyproject.toml \
    --mc-type application --output-reproducible --output-file "dist-components/pavior.cdx.json" "$fresh/installed/bin/python"
}

case ${1:-} in
  build) build ;;
  components) components ;;
  tag) [ "${2:-}" = "v$(version)" ] || {
    echo "pavior: the tag ${2:-} is not v$(version), the version of pyproject.toml" >&2
    exit 1
  } ;;
  *)
    echo "usage: release.sh build | components | tag TAG" >&2
    exit 2
    ;;
esac
