# shellcheck shell=bash
# Stages of a longer run; meant to be sourced. Each stage has a name and a kind,
# runs with nothing on standard input, and leaves its whole output in
# .cache/runs/<run>/<name>.log. A failed stage does not end the run, so that one
# sees everything that is wrong at once; count_up ends it, with what ran.
#
# Kinds say how a stage counts its tests: go (go test -json), vitest and
# playwright (their JSON reports, in $REPORT), and check (one, itself).

begin_run() {
  run=.cache/runs/$1
  rm -rf "$run"
  mkdir -p "$run"
  : >"$run/stages.tsv"
}

stage() {
  local kind=$1 name=$2
  shift 2
  local log=$run/${name// /-}.log begun=$EPOCHREALTIME code=0
  REPORT=$PWD/$run/${name// /-}.json
  export REPORT
  "$@" >"$log" 2>&1 </dev/null || code=$?
  local ms=$(((${EPOCHREALTIME/[.,]/} - ${begun/[.,]/}) / 1000))
  printf '%s\t%s\t%s\t%s\n' "$kind" "$name" "$code" "$ms" >>"$run/stages.tsv"
  node build/scripts/tally.mjs stage "$run" "$name"
}

# count_up prints the closing line "N passed, N failed" and returns 1 when
# anything failed, was skipped, or did not run.
count_up() { node build/scripts/tally.mjs total "$run"; }
