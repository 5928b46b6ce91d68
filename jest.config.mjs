export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/script/jest-strip-types.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/\\.cache/', '<rootDir>/dist/'],
  globalSetup: '<rootDir>/script/lib/jest-setup.mjs',
  globalTeardown: '<rootDir>/script/lib/jest-teardown.mjs',
  reporters: ['default', '<rootDir>/__tests__/support/skip-reporter.ts'],
  // Most tests wait for other programs more than they compute.
  maxWorkers: '100%',
  testTimeout: 120_000,
}
