/** Folders of which most code also runs in jest's own process. */
const floors = {
  bytes: 70,
  cache: 55,
  catalog: 95,
  engine: 75,
  fetch: 90,
  host: 85,
  http: 85,
  image: 85,
  programs: 90,
  registry: 85,
  shell: 90,
  supply: 55,
}

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/script/jest-strip-types.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/\\.cache/', '<rootDir>/dist/'],
  globalSetup: '<rootDir>/script/lib/jest-setup.mjs',
  globalTeardown: '<rootDir>/script/lib/jest-teardown.mjs',
  reporters: ['default', '<rootDir>/__tests__/support/skip-reporter.ts'],
  collectCoverageFrom: ['src/**/*.ts'],
  coverageDirectory: '.cache/coverage',
  coverageReporters: ['text', 'text-summary'],
  // Per cent of the lines, a few below what a run of all tests has: see docs/testing.md.
  coverageThreshold: Object.fromEntries(Object.entries(floors).map(([folder, lines]) => [`./src/${folder}/`, { lines }])),
  // Most tests wait for other programs more than they compute.
  maxWorkers: '100%',
  testTimeout: 120_000,
}
