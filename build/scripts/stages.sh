# shellcheck shell=bash
# Stages of a longer run; meant to be sourced. Each stage has a name and a kind,
# runs with nothing on standard input, and leaves its whole output in
# .cache/runs/<run>/<name>.log. A failed stage does not end the run, so that one
# sees everything that is wrong at once; count_up ends it, with what ran. Only
# set_up ends it when it fails: without it nothing else can work.
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
  local log=$run/${name// /-}.log begun=$EPOCHREALTIME
  REPORT=$PWD/$run/${name// /-}.json
  export REPORT
  # On a terminal, what is going on; what came of it takes its place.
  if [[ -t 1 ]]; then printf '…         %s\r' "$name"; fi
  code=0
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [[ -t 1 ]]; then printf '\e[K'; fi
  local ms=$(((${EPOCHREALTIME/[.,]/} - ${begun/[.,]/}) / 1000))
  printf '%s\t%s\t%s\t%s\n' "$kind" "$name" "$code" "$ms" >>"$run/stages.tsv"
  node build/scripts/tally.mjs stage "$run" "$name"
}

# set_up WHAT is the stage that installs what is missing. Whoever waits for it,
# minutes the first time, sees at once what it says about that.
set_up() {
  local shown
  exec {shown}>&1
  # shellcheck disable=SC2317 # stage calls it
  aloud() {
    build/scripts/setup.sh "$@" 2>&1 | while IFS= read -r line; do
      printf '%s\n' "$line"
      if [[ $line =~ ^(setup|packages):\  ]]; then printf '%s\n' "$line" >&"$shown"; fi
    done
  }
  stage check "set up" aloud "$1"
  exec {shown}>&-
  [[ $code -eq 0 ]] || count_up || exit 1
}

# count_up prints the closing line "N passed, N failed" and returns 1 when
# anything failed, was skipped, or did not run.
count_up() { node build/scripts/tally.mjs total "$run"; }
