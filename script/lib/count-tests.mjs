// Prints jest's JSON report (the given file) as one line: `N passed, N failed, N skipped`.
import { readFileSync } from 'node:fs'

const text = readFileSync(process.argv[2], 'utf8')
// Jest writes nothing if it couldn't start.
const report = text === '' ? { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 } : JSON.parse(text)
// A test file that can't be loaded counts as one failure.
const failed = report.numFailedTests + (report.numRuntimeErrorTestSuites ?? 0)
console.log(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`)
