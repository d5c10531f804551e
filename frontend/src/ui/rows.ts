/** An open row and the height of what it shows below itself. */
export interface OpenRow {
  index: number
  height: number
}

export interface Viewport {
  top: number
  height: number
  /** The height of the screen: no viewport is taller. */
  screen: number
}

const overscan = 4

/**
 * Which rows to draw, as [from, to). In WebKitGTK the script may run before the
 * stylesheet: the viewport is then as tall as all rows together, and drawing
 * them would take the process down. No area can show more than the screen holds,
 * so its height is clamped to that.
 */
export function visibleRows(view: Viewport, count: number, rowHeight: number, open?: OpenRow): [number, number] {
  const height = Math.min(view.height, view.screen)
  const at = (y: number) => {
    const openEnd = open ? (open.index + 1) * rowHeight : Infinity
    if (!open || y < openEnd) return y / rowHeight
    return Math.max(open.index, (y - open.height) / rowHeight)
  }
  const from = Math.max(0, Math.min(count, Math.floor(at(view.top)) - overscan))
  const to = Math.max(from, Math.min(count, Math.ceil(at(view.top + height)) + overscan))
  return [from, to]
}

/** The height of rows [from, to), the open row's extra included. */
export function heightOf(from: number, to: number, rowHeight: number, open?: OpenRow): number {
  const extra = open && open.index >= from && open.index < to ? open.height : 0
  return (to - from) * rowHeight + extra
}
