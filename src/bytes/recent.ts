/** Returns `make` with a cache of the `limit` most recently used keys. */
export function recent<Key extends number, T>(limit: number, make: (key: Key) => T): (key: Key) => T {
  const made = new Map<Key, T>()
  let lastKey: number = Number.NaN
  let last: T
  return (key) => {
    if (key === lastKey) return last
    let value = made.get(key)
    // A Map keeps insertion order, so an entry that is deleted and inserted again is the newest.
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
