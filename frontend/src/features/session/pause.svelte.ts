/** A pause the server has set after too many attempts, counted down in seconds. */
export class Pause {
  left = $state(0)
  #timer: ReturnType<typeof setInterval> | undefined

  /** Begins when this problem asks for a pause. */
  meet({ retryAfter }: { retryAfter: number }) {
    if (retryAfter > 0) this.begin(retryAfter)
  }

  begin(seconds: number) {
    const until = Date.now() + seconds * 1000
    clearInterval(this.#timer)
    this.left = Math.ceil(seconds)
    this.#timer = setInterval(() => {
      this.left = Math.max(0, Math.ceil((until - Date.now()) / 1000))
      if (this.left === 0) clearInterval(this.#timer)
    }, 250)
  }
}
