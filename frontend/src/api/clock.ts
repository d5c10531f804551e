let skewMs = 0

/** Remembers how far this computer's clock is from the server's; the header has a resolution of one second. */
export function noteServerTime(header: string | null) {
  const server = header ? Date.parse(header) : NaN
  if (Number.isNaN(server)) return
  const skew = server - Date.now()
  skewMs = Math.abs(skew) < 2_000 ? 0 : skew
}

/** Now, by the server's clock, in milliseconds. */
export const serverNow = () => Date.now() + skewMs
