/** Runs the test files in the order in which they are given. Jest itself begins with those that take longest. */
export default class GivenOrder {
  sort<Test>(tests: readonly Test[]): readonly Test[] {
    return tests
  }

  /** Jest keeps there how long each file takes, for its own order. */
  cacheResults(): void {}
}
