#!/usr/bin/env bash
# Runs actionlint in a fixed version. Exits with 3 if there is no Go to build it with. Go builds it on any platform. There is no
# well-maintained npm package, and the one on PyPI downloads a program without verifying it.
set -euo pipefail

actionlint=$("$(dirname "${BASH_SOURCE[0]}")/go-tool.sh" github.com/rhysd/actionlint/cmd/actionlint v1.7.12)
exec "$actionlint" "$@"
