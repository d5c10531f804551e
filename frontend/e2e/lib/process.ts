// What a running process and its children do, from /proc.

import { readdir, readFile, readlink } from 'node:fs/promises'

/** family returns a process and everything it started, by id. */
export async function family(pid: number): Promise<number[]> {
  // What has ended in the meantime has no children any more.
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  const children = lists.join(' ').split(' ').filter(Boolean).map(Number)
  return [pid, ...(await Promise.all(children.map(family))).flat()]
}

/** listening returns the addresses (as in /proc/net/tcp) that a process and its children accept connections on. */
export async function listening(pid: number): Promise<string[]> {
  const open = new Set<string>()
  for (const member of await family(pid))
    for (const fd of await readdir(`/proc/${member}/fd`).catch(() => []))
      open.add(await readlink(`/proc/${member}/fd/${fd}`).catch(() => ''))
  const found: string[] = []
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6'])
    for (const line of (await readFile(`/proc/net/${table}`, 'utf8')).split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      // 0A is a listening TCP socket, 07 a UDP socket without a peer.
      if ((state === '0A' || state === '07') && open.has(`socket:[${inode}]`)) found.push(`${table} ${local}`)
    }
  return found
}

/** memory returns the proportional set size of a process and its children, in MB: what they cost together. */
export async function memory(pid: number): Promise<number> {
  let kilobytes = 0
  for (const member of await family(pid)) {
    const rollup = await readFile(`/proc/${member}/smaps_rollup`, 'utf8').catch(() => '')
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0)
  }
  return kilobytes / 1000
}
