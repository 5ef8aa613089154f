#!/bin/sh
# Draws widget/images/ anew. Needs Go, Chromium and the font Inter (Debian:
# chromium, fonts-inter). The pictures are kept in git; run it after a change here.
set -eu
cd "$(dirname "$0")"
exec go run make.go "$@"
