// node .ci/report.cjs REPORT...: what vitest's JSON reports hold, for the end of `.ci/run`: each failed
// test with the first lines of its message, then one line of counts. A file that could not even be
// loaded has no failed test, and counts as one; so does a report that is missing.
'use strict'
const { readFileSync } = require('node:fs')

const tests = process.argv.slice(2).flatMap((report) => {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(testsOf)
  } catch (error) {
    return [{ status: 'failed', title: report, message: `vitest left no report: ${error.message}` }]
  }
})

function testsOf({ name, status, message, assertionResults }) {
  const found = assertionResults.map((test) => ({
    status: test.status,
    title: `${name.replace(`${process.cwd()}/`, '')} > ${test.fullName}`,
    message: test.failureMessages.join('\n'),
  }))
  const loaded = status !== 'failed' || found.some((test) => test.status === 'failed')
  return loaded ? found : [...found, { status, title: name, message }]
}

for (const { title, message } of tests.filter(({ status }) => status === 'failed')) {
  console.log(`ci: failed test: ${title}`)
  console.log(message.split('\n').slice(0, 12).join('\n').replace(/^/gm, '    '))
}
const count = (...statuses) => tests.filter(({ status }) => statuses.includes(status)).length
const skipped = count('skipped', 'pending', 'todo', 'disabled')
console.log(`vitest: ${count('passed')} passed, ${count('failed')} failed, ${skipped} skipped`)
