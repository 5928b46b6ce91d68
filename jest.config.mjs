export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/script/jest-strip-types.mjs' },
  modulePathIgnorePatterns: ['<rootDir>/\\.cache/', '<rootDir>/dist/'],
  testTimeout: 120_000,
}
