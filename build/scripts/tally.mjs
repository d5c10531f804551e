// Counts what ran. "stage RUN NAME" prints one line about a stage, and for a
// failed one the end of its log; "total RUN" prints the closing line.
//
// A test that was skipped counts as failed: nobody reads that something was not
// tested. Two kinds are named and counted apart instead: all, in a run that is
// meant to leave some out, which says MAY_SKIP=1; and those that say why with
// "needs root", when it is not root who runs them. A stage that failed, or ran
// no test, without a failed test counts as failed too.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [what, run, wanted] = process.argv.slice(2)
const stages = readFileSync(join(run, 'stages.tsv'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => {
    const [kind, name, code, ms] = line.split('\t')
    const file = join(run, name.replaceAll(' ', '-'))
    return { kind, name, code: Number(code), ms: Number(ms), log: `${file}.log`, report: `${file}.json` }
  })

const mayBeSkipped =
  process.env.MAY_SKIP === '1' ? / \(skipped(: .*)?\)$/ : process.getuid?.() === 0 ? undefined : / \(skipped: needs root\b.*\)$/

/** What a stage ran: how many passed, and a line for each that did not. */
function count(stage) {
  const { passed, failures: all } = counters[stage.kind](stage)
  const isSkipped = (line) => mayBeSkipped?.test(line) ?? false
  const counted = { passed, failures: all.filter((line) => !isSkipped(line)), skipped: all.filter(isSkipped) }
  const ran = counted.passed + counted.failures.length
  if (stage.code !== 0 && counted.failures.length === 0) counted.failures.push(`${stage.name}: ended with code ${stage.code}`)
  else if (ran === 0) counted.failures.push(`${stage.name}: no test ran`)
  return counted
}

const counters = {
  check: ({ code }) => ({ passed: code === 0 ? 1 : 0, failures: [] }),
  go: ({ log }) => {
    const result = { passed: 0, failures: [] }
    const said = new Map() // the last line that each test logged: of a skipped one, why
    for (const event of goEvents(log)) {
      const name = `${event.Package} ${event.Test ?? ''}`.trim()
      const line = /^ +\w+_test\.go:\d+: (.*)/.exec(event.Output ?? '')
      if (line) said.set(name, line[1])
      if (event.Action === 'pass' && event.Test) result.passed++
      else if (event.Action === 'fail' && event.Test) result.failures.push(name)
      else if (event.Action === 'skip' && event.Test) result.failures.push(`${name} (skipped: ${said.get(name)})`)
      else if (event.Action === 'fail' && !result.failures.some((failed) => failed.startsWith(`${event.Package} `)))
        result.failures.push(name || 'build')
    }
    return result
  },
  vitest: ({ report }) => {
    const result = { passed: 0, failures: [] }
    for (const file of readReport(report)?.testResults ?? []) {
      if (file.status === 'failed' && file.assertionResults.length === 0) result.failures.push(file.name)
      for (const test of file.assertionResults)
        if (test.status === 'passed') result.passed++
        else result.failures.push(`${test.fullName} (${test.status})`)
    }
    return result
  },
  playwright: ({ report }) => {
    const result = { passed: 0, failures: [] }
    const walk = (suite, path) => {
      for (const inner of suite.suites ?? []) walk(inner, [...path, inner.title])
      for (const spec of suite.specs ?? [])
        for (const test of spec.tests)
          if (test.status === 'expected') result.passed++
          else result.failures.push(`${[...path, spec.title].join(' › ')} (${test.status})`)
    }
    const read = readReport(report)
    for (const suite of read?.suites ?? []) walk(suite, [suite.title])
    for (const error of read?.errors ?? []) result.failures.push(error.message ?? 'error')
    return result
  },
}

function* goEvents(log) {
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (!line.startsWith('{')) continue
    try {
      yield JSON.parse(line)
    } catch {
      // Not an event: something printed a line that begins with a brace.
    }
  }
}

const readReport = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined)

/** The end of what a failed stage said; of Go tests, what the failed ones said. */
function story(stage) {
  const text = readFileSync(stage.log, 'utf8')
  if (stage.kind !== 'go') return text.split('\n').slice(-60).join('\n')
  const events = [...goEvents(stage.log)]
  const key = (event) => `${event.Package} ${event.Test ?? ''}`
  const failed = new Set(events.filter((event) => event.Action === 'fail').map(key))
  const said = events.filter((event) => (event.Action === 'output' && failed.has(key(event))) || event.Action === 'build-output')
  const plain = text.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  return [...said.map((event) => event.Output.trimEnd()), ...plain].slice(-200).join('\n')
}

if (what === 'stage') {
  const stage = stages.find(({ name }) => name === wanted)
  const { passed, failures, skipped } = count(stage)
  const tests = stage.kind === 'check' ? '' : `  ${passed} tests`
  const time = `${(stage.ms / 1000).toFixed(1)} s`.padStart(8)
  console.log(`${failures.length === 0 ? 'ok    ' : 'FAILED'} ${time}  ${stage.name}${tests}`)
  for (const test of skipped) console.log(`         - ${test}`)
  if (failures.length > 0) {
    for (const failure of failures.slice(0, 50)) console.log(`         - ${failure}`)
    console.log(story(stage).replace(/^/gm, '         | '))
    console.log(`         (all of it: ${stage.log})`)
  }
} else {
  let passed = 0
  let failed = 0
  let skipped = 0
  for (const stage of stages) {
    const counted = count(stage)
    passed += counted.passed
    failed += counted.failures.length
    skipped += counted.skipped.length
  }
  const minutes = stages.reduce((sum, { ms }) => sum + ms, 0) / 60_000
  console.log(`\n${stages.length} stages in ${minutes.toFixed(1)} minutes; their output is in ${run}`)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}
