// Measures the users screen in Chromium, for the bench: how soon it is ready,
// how it scrolls, how quickly a key shows. Prints one JSON object.
//
//   node page.mjs ADDRESS LOGIN PASSWORD CODE

import { chromium } from 'playwright'

const [address, login, password, code] = process.argv.slice(2)
const quantile = (all, q) =>
  [...all].sort((a, b) => a - b)[Math.min(Math.floor(q * all.length), all.length - 1)]
const users = `${address}/#/users`
const rowsInPage = 'tbody tr[aria-rowindex]'

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
})
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.addInitScript((rows) => {
    window.measured = { shift: 0 }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.measured.shift += entry.value
    }).observe({ type: 'layout-shift', buffered: true })
    const seen = new MutationObserver(() => {
      if (!document.querySelector(rows)) return
      seen.disconnect()
      requestAnimationFrame(() => (window.measured.ready = performance.now()))
    })
    seen.observe(document, { childList: true, subtree: true })
  }, rowsInPage)
  await page.goto(address)
  const answer = await page.request.post(`${address}/api/v1/session`, { data: { login, password, code } })
  if (!answer.ok()) throw new Error(`cannot sign in: ${await answer.text()}`)

  /** How long the users screen takes, from the address to rows on the screen. */
  async function ready() {
    await page.goto('about:blank')
    await page.goto(users)
    await page.waitForFunction(() => window.measured.ready)
    await page.waitForTimeout(300) // what shifts late counts too
    return page.evaluate(() => window.measured)
  }
  const loads = []
  for (let n = 0; n < 6; n++) loads.push(await ready())
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const slow = []
  for (let n = 0; n < 3; n++) slow.push(await ready())
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await ready()

  // Frames while somebody scrolls down without a pause, and rows come in.
  const scrolled = await page.evaluate(async (rows) => {
    const area = document.querySelector('[role=region]:has(table)')
    const frames = []
    let most = 0
    let last = performance.now()
    const until = last + 8000
    while (last < until) {
      const now = await new Promise(requestAnimationFrame)
      frames.push(now - last)
      last = now
      area.scrollTop += 120
      most = Math.max(most, document.querySelectorAll(rows).length)
    }
    return { frames: frames.slice(10), most, reached: Math.round(area.scrollTop / 48) }
  }, rowsInPage)

  /** How long a key takes to show, by a condition in the page. */
  async function keyed(press, shown) {
    const times = []
    for (let n = 0; n < 8; n++) {
      await page.waitForTimeout(250) // as people press keys; what opens has to be there before it can be closed
      await page.evaluate(`(() => {
        window.shown = undefined
        const before = document.querySelector('output')?.textContent
        addEventListener('keydown', (event) => (window.pressed = event.timeStamp), { capture: true })
        const look = () => {
          if (${shown}) window.shown = performance.now()
          else requestAnimationFrame(look)
        }
        look()
      })()`)
      await press(n)
      await page.waitForFunction(() => window.shown)
      times.push(await page.evaluate(() => window.shown - window.pressed))
    }
    return quantile(times, 0.5)
  }
  const palette = await keyed(
    (n) => page.keyboard.press(n % 2 ? 'Escape' : 'Control+k'),
    `!!document.querySelector('dialog[open]') !== !!window.wasOpen && ((window.wasOpen = !window.wasOpen), true)`,
  )
  await page.getByRole('searchbox').focus()
  const search = await keyed(
    (n) => page.keyboard.press(n % 2 ? 'Backspace' : 'e'),
    `document.querySelector('output')?.textContent !== before`,
  )
  console.log(
    JSON.stringify({
      ready: quantile(
        loads.slice(1).map((one) => one.ready),
        0.5,
      ),
      readySlow: quantile(
        slow.map((one) => one.ready),
        0.5,
      ),
      shift: Math.max(...loads.map((one) => one.shift)),
      frame: quantile(scrolled.frames, 0.5),
      frame95: quantile(scrolled.frames, 0.95),
      rows: scrolled.most,
      reached: scrolled.reached,
      palette,
      search,
    }),
  )
} finally {
  await browser.close()
}
