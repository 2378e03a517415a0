#!/bin/sh
# A lock that a killed container left behind cannot be seen to be dead from within another one. No two containers may
# use the same state volume, so whatever lock is there at the start is such a one.
set -eu
ferry unlock site --force -q
exec ferry "$@"
