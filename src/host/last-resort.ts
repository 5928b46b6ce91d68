/** Passes uncaught errors to `tell`, and ends the process. */
export function onUncaught(tell: (error: unknown) => void, exitCode: number): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      tell(error)
      process.exit(exitCode)
    })
  }
}
