#!/usr/bin/env bash
# Provide what the tests drive beside Python: PostgreSQL, Chromium, and clients in JavaScript, R and LibreOffice, from the
# system or, as root on Debian, by apt. Without them and without root the tests that need them are left out, and this
# says so; with CI set that is an error.
set -euo pipefail

missing=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v "${CHROMIUM:-chromium}" >/dev/null || missing+=(chromium)
command -v curl >/dev/null || missing+=(curl)
command -v npm >/dev/null || missing+=(npm)
[ -d /usr/lib/R/site-library/rsdmx ] || missing+=(r-cran-rsdmx)
command -v soffice >/dev/null || missing+=(libreoffice-calc-nogui)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # The server of the package's own cluster is not wanted: the tests start their own.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
    exit 0
fi

echo "LEFT OUT: no ${missing[*]} here, and no right to install: the tests that need ${missing[*]} will not run."
if command -v apt-get >/dev/null; then
    echo "To run them too, install once, as root: apt-get install --no-install-recommends ${missing[*]}"
else
    echo "To run them too, install what Debian calls ${missing[*]}; a browser elsewhere is named by CHROMIUM=/path/to/it."
fi
[ -z "${CI:-}" ] || { echo "CI leaves nothing out."; exit 1; }
