#!/usr/bin/env bash
# Run every test, the slow and heavy ones included; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
left_out=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null || left_out+=("not postgres")
command -v "${CHROMIUM:-chromium}" >/dev/null || left_out+=("not browser")
command -v npm >/dev/null || left_out+=("not node")
[ -d /usr/lib/R/site-library/rsdmx ] || left_out+=("not rsdmx")
command -v soffice >/dev/null || left_out+=("not libreoffice")
expression=$(printf '%s\n' "${left_out[@]}" | paste -sd '&' | sed 's/&/ and /g')
# Hundreds of tests start the program: what Python compiles of it is kept.
unset PYTHONDONTWRITEBYTECODE
# Files in their order: the acceptance tests, which wait most, come first and nobody waits for them at the end.
exec .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder ${expression:+-m "$expression"} "$@"
