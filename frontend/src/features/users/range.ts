import { language, t } from '../../messages/index.svelte'

/** A range of addresses: the first one, and how many of its leading bits all have. */
export interface Range {
  version: 4 | 6
  first: bigint
  bits: number
}
export type Fault = 'bad_address' | 'host_bits'

const width = ({ version }: Pick<Range, 'version'>) => (version === 4 ? 32 : 128)

/** The first address of the range that an address is in. */
const first = (range: Range) => {
  const rest = BigInt(width(range) - range.bits)
  return (range.first >> rest) << rest
}

function read4(text: string): bigint | undefined {
  const octets = text.split('.')
  // A leading zero means octal to some programs, so it means nothing here.
  if (octets.length !== 4 || !octets.every((one) => /^(0|[1-9]\d{0,2})$/.test(one) && Number(one) < 256)) return
  return octets.reduce((all, one) => all * 256n + BigInt(one), 0n)
}

/** The one form of an IPv6 address, which the browser knows. */
function canonical6(text: string): string | undefined {
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':')) return
  const tail = text.slice(text.lastIndexOf(':') + 1)
  if (tail.includes('.') && read4(tail) === undefined) return
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1)
  } catch {
    return
  }
}

function read6(text: string): bigint | undefined {
  const whole = canonical6(text)
  if (!whole) return
  const [head = '', tail] = whole.split('::')
  const groups = (part: string) => part.split(':').filter(Boolean)
  const left = groups(head)
  const right = groups(tail ?? '')
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return all.reduce((sum, one) => sum * 65536n + BigInt(`0x${one}`), 0n)
}

/** Reads an address or a range as it stands there, its address not yet held to be the first. */
function read(text: string): Range | undefined {
  const [address = '', length, ...more] = text.trim().split('/')
  if (more.length > 0) return
  const four = read4(address)
  const six = four === undefined ? read6(address) : undefined
  if (four === undefined && six === undefined) return
  const most = four === undefined ? 128 : 32
  if (length !== undefined && !(/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= most)) return
  const bits = length === undefined ? most : Number(length)
  if (six === undefined) return { version: 4, first: four ?? 0n, bits }
  if (six >> 32n !== 0xffffn) return { version: 6, first: six, bits }
  // IPv4 in the clothes of IPv6.
  return bits < 96 ? undefined : { version: 4, first: six & 0xffffffffn, bits: bits - 96 }
}

/** The range that a text means, as the server would read it; of one that begins elsewhere, the whole. */
export function readRange(text: string): Range | undefined {
  const found = read(text)
  return found && { ...found, first: first(found) }
}

/** What is wrong with a text; nothing with an empty one. */
export function faultOf(text: string): Fault | undefined {
  if (!text.trim()) return undefined
  const found = read(text)
  if (!found) return 'bad_address'
  return found.first === first(found) ? undefined : 'host_bits'
}

/** The one form of a range; a single address stands alone. */
export function rangeText(range: Range): string {
  const digits = range.first.toString(16).padStart(width(range) / 4, '0')
  const parts = digits.match(range.version === 4 ? /../g : /..../g) ?? []
  const address =
    range.version === 4
      ? parts.map((part) => Number.parseInt(part, 16)).join('.')
      : (canonical6(parts.join(':')) ?? parts.join(':'))
  return range.bits === width(range) ? address : `${address}/${range.bits}`
}

/** True when everything in one range is in another. */
export const holds = (outer: Range, inner: Range) =>
  outer.version === inner.version && outer.bits <= inner.bits && first({ ...inner, bits: outer.bits }) === outer.first

/** The range to offer somebody who is at an address: of IPv6 the whole network, since one's own part of it changes. */
export function mine(address: string): string | undefined {
  const here = read(address)
  if (!here) return undefined
  const bits = here.version === 6 ? 64 : 32
  return rangeText({ ...here, bits, first: first({ ...here, bits }) })
}

/** A number as one says it: whole ones up to a billion, of larger ones the beginning. */
const said = (n: bigint): number | string =>
  n <= 1_000_000_000n
    ? Number(n)
    : new Intl.NumberFormat(language(), {
        notation: 'compact',
        compactDisplay: 'long',
        maximumSignificantDigits: 3,
      }).format(n)

/** Beyond this no language has a word that people know. */
const countless = 10n ** 15n

/** How large a range is, in words. Of IPv6, networks are counted: a single one has more addresses than anybody can use. */
export function rangeWords(range: Range): string {
  if (range.bits === 0) return t(range.version === 4 ? 'ways.every4' : 'ways.every6')
  const networks = range.version === 6 && range.bits <= 64
  const n = 1n << BigInt((networks ? 64 : width(range)) - range.bits)
  if (n > countless) return t('ways.countless')
  return t(networks ? 'ways.networks' : 'ways.addresses', { n: said(n) })
}
