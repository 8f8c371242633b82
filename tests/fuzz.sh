#!/usr/bin/env bash
# Runs every fuzz target of the module for a time or a number of inputs, as in 10m or 5000x, which is the default:
# tests/fuzz.sh [TIME]. The end of a time is now and then reported as a failure by the tool (golang/go#75804), a number's is not.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-5000x}

# Names of a package's targets, a line each, and then a line about the package.
list=$(go test -list '^Fuzz' ./...)
names=() ran=0
while read -r word package _; do
  case $word in
  Fuzz*) names+=("$word") ;;
  ok)
    for name in ${names[@]+"${names[@]}"}; do
      echo "== $package $name"
      go test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
      ran=$((ran + 1))
    done
    names=()
    ;;
  esac
done <<<"$list"
echo "$ran fuzz targets ran for $time each, and found nothing"
