import { flushSync, mount, type Component } from 'svelte'

type Icon = Component<{ size?: number }>

const made = new Map<Icon, Map<number, Element>>()

/** A copy of an icon, without what a component costs each time. */
export function drawn(icon: Icon, size: number): Node {
  const sizes = made.get(icon) ?? new Map<number, Element>()
  made.set(icon, sizes)
  let first = sizes.get(size)
  if (!first) {
    const target = document.createElement('div')
    flushSync(() => mount(icon, { target, props: { size } }))
    first = target.firstElementChild ?? target
    sizes.set(size, first)
  }
  return first.cloneNode(true)
}
