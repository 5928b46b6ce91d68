#!/usr/bin/env bash
# Runs zizmor in a fixed version, which pip installs in .cache on first use. Exits with 3 if there is no Python with venv.
set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
requirements=$lib/zizmor-requirements.txt
version=$(sed -n 's/^zizmor==\([0-9.]*\).*/\1/p' "$requirements")
bin=$lib/../../.cache/bin
zizmor=$bin/zizmor-$version

if [[ ! -x $zizmor ]]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || exit 3
  mkdir -p "$bin"
  # The program needs nothing else of its environment. It gets its name only when it is complete.
  partial=$(mktemp -d "$bin/installing.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  echo "zizmor: installing version $version" >&2
  python3 -m venv "$partial"
  "$partial/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --requirement "$requirements" >&2
  mv "$partial/bin/zizmor" "$zizmor"
  rm -rf "$partial"
fi
exec "$zizmor" "$@"
