const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A path as text, for display and JSON: UTF-8, with each byte that isn't UTF-8 as the lone surrogate U+DC00 + byte, so that nothing is
 * lost. Python's `surrogateescape` (PEP 383) is the same.
 */
export function pathText(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return escapeInvalid(bytes)
  }
}

/** What ends a line, controls a terminal, or changes the direction of text, so that it reads otherwise than it is. */
const control = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu

/**
 * Text for one line of a log. Escapes, as JSON does, what would end the line, control a terminal or change its direction, and what GitHub's
 * runner takes for a command: `::NAME::` at the start of the line and `##[NAME]` anywhere (actions/runner, ActionCommand.cs).
 */
export function oneLine(text: string): string {
  return text
    .replace(control, escaped)
    .replace(/(?<=^\s*):(?=:)/, escaped)
    .replace(/#(?=#\[)/g, escaped)
}

/** Characters. A path may have 4096 bytes. */
const maxLineLength = 10_000

/** `oneLine`, without the middle of what is too long to be read: what an engine or a server says may have any length. */
export function shortLine(text: string): string {
  if (text.length <= maxLineLength) return oneLine(text)
  const half = maxLineLength / 2
  return oneLine(`${text.slice(0, half)} … ${text.length - maxLineLength} characters … ${text.slice(-half)}`)
}

/** JSON with the same value for a reader of JSON, whose text controls no terminal, and in which the runner finds no command. */
export function plainJson(json: string): string {
  return json.replace(/#(?=#\[)/g, escaped).replace(/[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The bytes from which `pathText` made this text. */
export function textBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  // With the `u` flag this matches lone surrogates, never the second half of a pair.
  const parts = text.split(/([\udc80-\udcff])/u)
  return Buffer.concat(parts.map((part, index) => (index % 2 === 1 ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part))))
}

function escapeInvalid(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    text += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : strictUtf8.decode(bytes.subarray(at, at + length))
    at += length || 1
  }
  return text
}

/** Bytes in the valid UTF-8 sequence at `at`; 0 if there is none (RFC 3629, section 4). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  const second = bytes[at + 1] ?? 0
  const secondMin = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const secondMax = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (length === 0 || second < secondMin || second > secondMax) return 0
  for (let index = 2; index < length; index++) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}
