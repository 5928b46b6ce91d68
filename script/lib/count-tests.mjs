// Prints jest's JSON report, the file that is given, as one line: `N passed, N failed, N skipped`.
import { readFileSync } from 'node:fs'

const text = readFileSync(process.argv[2], 'utf8')
// Jest writes nothing if it couldn't begin.
const report = text === '' ? { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 } : JSON.parse(text)
// A file of tests that can't be loaded counts as one failure.
const failed = report.numFailedTests + (report.numRuntimeErrorTestSuites ?? 0)
console.log(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`)
