/** Characters of a code, check character included, and of a link's token. */
const codeLength = 21
const token = /^[\w-]{43}$/

/** What counts of the text that was typed or pasted: of a whole link, its token. */
export const secretOf = (typed: string): string => /[?&]t=([^&\s]+)/.exec(typed)?.[1] ?? typed.trim()

/** Whether it could be a code or token at all; one too short was cut off, and is no reason to ask for a new one. */
export const couldOpen = (secret: string): boolean =>
  token.test(secret) || secret.replace(/[^\p{L}\p{N}]/gu, '').length === codeLength
