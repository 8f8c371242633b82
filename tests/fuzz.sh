#!/usr/bin/env bash
# Runs every fuzz target of the module:
#
#   tests/fuzz.sh          some inputs for each: 300 where an input draws, speaks or asks a whole app, 3,000 where it is read
#   tests/fuzz.sh 5000x    as many inputs for each
#   tests/fuzz.sh 10m      ten minutes for each
#
# The first is for CI: all targets together take less than three minutes on two cores that have nothing else to do, once
# they are built. The end of a time is now and then reported as a failure by the tool (golang/go#75804), a number's is not.
set -euo pipefail
cd "$(dirname "$0")/.."

# Names of a package's targets, a line each, and then a line about the package. Packages without a target are not built.
mapfile -t packages < <(go list -f '{{.Dir}}' ./... | while read -r dir; do
  if grep -qs '^func Fuzz' "$dir"/*_test.go; then echo "$dir"; fi
done)
list=$(go test -list '^Fuzz' "${packages[@]}")
names=() ran=0
while read -r word package _; do
  case $word in
  Fuzz*) names+=("$word") ;;
  ok)
    for name in ${names[@]+"${names[@]}"}; do
      case ${package##*/fibercaptcha/}:$name in
      captcha/audio:* | captcha/picture:* | captcha:FuzzFieldEscapes | captcha:FuzzProtect | handlers:*) few=300x ;;
      *) few=3000x ;;
      esac
      echo "== $package $name"
      # Else each input that reaches something new is made shorter for up to a minute.
      go test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "${1:-$few}" -fuzzminimizetime 100x
      ran=$((ran + 1))
    done
    names=()
    ;;
  esac
done <<<"$list"
((ran > 0)) || { echo "no fuzz target was found" >&2; exit 1; }
echo "$ran fuzz targets ran, and found nothing"
