#!/usr/bin/env bash
# Runs actionlint, in the version that this project is held against. Ends with 3 if there is no Go to build it with.
# Go's own client builds it anywhere; there is no well-kept npm package, and pip's fetches a program that it doesn't check.
set -euo pipefail

actionlint=$("$(dirname "${BASH_SOURCE[0]}")/go-tool.sh" github.com/rhysd/actionlint/cmd/actionlint v1.7.12)
exec "$actionlint" "$@"
