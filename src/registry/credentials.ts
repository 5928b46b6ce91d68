/** What a user has to log in to a registry. Nothing of it may appear in a log, an error or an argument. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An OAuth 2 refresh token, which token servers exchange for an access token. */
  | { readonly kind: 'refresh-token'; readonly token: string }

/** The value of an Authorization header (RFC 7617). */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
