import { describe, expect, test } from '@jest/globals'
import { run } from './support/tools.ts'

// What a step writes to its log by way of src/log.ts. Each script is a process of its own, since annotations are counted for a whole step.

function logOf(script: string, env: NodeJS.ProcessEnv = {}): string[] {
  const log = run('node', ['--input-type=module', '--eval', `import { debug, group, notice, say, warn } from './src/log.ts'\n${script}`], {
    env: { ...process.env, RUNNER_DEBUG: '', ...env },
  })
  return log.trimEnd().split('\n')
}

describe('a group', () => {
  test('is followed by what it has achieved', () => {
    const lines = logOf(`await group('Load', async () => say('inside'), () => ({ text: 'docker has it' }))`)
    expect(lines).toEqual(['::group::Load', 'inside', '::endgroup::', expect.stringMatching(/^docker has it \(\d+\.\d s\)$/)])
  })

  test('is followed by its size and its rate', () => {
    const [, , line] = logOf(`await group('Load', async () => {}, () => ({ text: 'docker has it', bytes: 2e6 }))`)
    expect(line).toMatch(/^docker has it: 2\.0 MB in \d+\.\d s \(.* [kMGT]B\/s\)$/)
  })

  test('ends when it fails, and achieves nothing', () => {
    const script = `await group('Load', () => Promise.reject(new Error('x')), () => ({ text: 'y' })).catch(({ message }) => say(message))`
    expect(logOf(script)).toEqual(['::group::Load', '::endgroup::', 'x'])
  })

  test('says that it goes on if it is silent for long', () => {
    const lines = logOf(`
      import { mock } from 'node:test'
      mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.now() })
      await group('Load', async () => {
        mock.timers.tick(2900)
        say('a word')
        mock.timers.tick(2900)
        warn('a warning')
        mock.timers.tick(2900)
        mock.timers.tick(300)
        mock.timers.tick(9900)
      }, () => ({ text: 'done' }))`)
    expect(lines).toEqual(['::group::Load', 'a word', '::warning::a warning', 'Load: 9.0 s so far', '::endgroup::', 'done (18.9 s)'])
  })
})

describe('annotations', () => {
  test('are never repeated', () => {
    expect(logOf(`for (let n = 0; n < 3; n++) { warn('a'); notice('a') }`)).toEqual(['::warning::a', '::notice::a'])
  })

  test('are few, and the rest is in the log', () => {
    const lines = logOf(`for (let n = 1; n <= 7; n++) warn('number ' + n)`)
    expect(lines).toEqual([
      ...[1, 2, 3, 4].map((n) => `::warning::number ${n}`),
      "::warning::number 5 (if there are more warnings, they are in this step's log)",
      'warning: number 6',
      'warning: number 7',
    ])
  })
})

describe('what only helps to find mistakes', () => {
  const script = `debug('a\\n##[add-path]x')`
  test('is in the log of a job in debug mode, line by line, without commands of others', () => {
    expect(logOf(script, { RUNNER_DEBUG: '1' })).toEqual(['::debug::a', '::debug::\\u0023#[add-path]x'])
  })

  test('is in no other log', () => {
    expect(logOf(script)).toEqual([''])
  })
})
