#!/usr/bin/env bash
# Runs every fuzz target of the module:
#
#   tests/fuzz.sh          3,000 inputs for each, or 300 if an input draws, speaks or asks a whole app
#   tests/fuzz.sh 5000x    5,000 inputs for each
#   tests/fuzz.sh 10m      ten minutes for each
#
# The first is for CI: once they are built, all targets together take less than three minutes on two cores that have
# nothing else to do. When the time is up, go test sometimes reports a failure although there was none
# (golang/go#75804). With a number of inputs it never does.
set -euo pipefail
cd "$(dirname "$0")/.."

# go test lists a package's targets, one a line, and then has a line about the package. Packages without targets are not
# built.
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
      # Without a bound, the tool spends up to a minute on shortening each input that reaches something new.
      go test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "${1:-$few}" -fuzzminimizetime 100x
      ran=$((ran + 1))
    done
    names=()
    ;;
  esac
done <<<"$list"
((ran > 0)) || { echo "no fuzz target was found" >&2; exit 1; }
echo "$ran fuzz targets ran, and found nothing"
