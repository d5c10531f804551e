/** Bytes as WebAuthn writes them into JSON: base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: ArrayBuffer): string {
  let letters = ''
  for (const byte of new Uint8Array(bytes)) letters += String.fromCharCode(byte)
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The bytes of a text that toBase64url made; throws at anything else. */
export function fromBase64url(text: unknown): ArrayBuffer {
  if (typeof text !== 'string') throw new TypeError('not base64url')
  const letters = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer
}
