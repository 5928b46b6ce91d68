/** `make`, with its results for the `limit` keys that were asked for last at hand. */
export function recent<T>(limit: number, make: (key: number) => T): (key: number) => T {
  const made = new Map<number, T>()
  let lastKey = Number.NaN
  let last: T
  return (key) => {
    if (key === lastKey) return last
    let value = made.get(key)
    // A Map keeps the order of insertion, so what was taken out and put back is the newest.
    if (value !== undefined) made.delete(key)
    else {
      value = make(key)
      if (made.size >= limit) made.delete(made.keys().next().value!)
    }
    made.set(key, value)
    lastKey = key
    last = value
    return value
  }
}
