// Where things are, and folders that belong to one test.

import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The top of the working tree. */
export const root = resolve(import.meta.dirname, '../../..')

/** Built by build/scripts/e2e.sh, or named by the environment. */
export const binaries = {
  /** The product with window and open to inspection. */
  desk: process.env.GATEHOUSE_DESK ?? join(root, '.cache/e2e/gatehouse-devtools'),
  /** The product as people get it. */
  window: process.env.GATEHOUSE_WINDOW ?? join(root, 'bin/gatehouse'),
  /** The product for servers. */
  gate: process.env.GATEHOUSE_GATE ?? join(root, 'bin/gatehouse-headless'),
  /** The probe (app/probe), open to inspection, and as in production. */
  probe: join(root, '.cache/e2e/probe-devtools'),
  probeProduction: join(root, '.cache/e2e/probe'),
  /** A security key in software. */
  softkey: join(root, '.cache/e2e/softkey'),
}

/** picturePath is where a picture with this name goes; people look at them there. */
export function picturePath(name: string): string {
  return join(import.meta.dirname, '../pictures', `${name}.png`)
}

/** Home is a home folder that lasts as long as a test. */
export class Home {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Home> {
    const path = await mkdtemp(join(tmpdir(), 'gatehouse-e2e-'))
    for (const part of ['bin', 'run', 'data', 'config', 'cache', 'documents'])
      await mkdir(join(path, part), { mode: 0o700 })
    return new Home(path)
  }

  /** in is a path in this home. */
  in(...parts: string[]): string {
    return join(this.path, ...parts)
  }

  /** env is an environment that leads nowhere else: no keychain, no session bus, no settings of whoever runs the tests. */
  env(): NodeJS.ProcessEnv {
    return {
      // Programs in bin stand in for those of the system.
      PATH: `${this.in('bin')}:${process.env.PATH}`,
      HOME: this.path,
      XDG_RUNTIME_DIR: this.in('run'),
      XDG_DATA_HOME: this.in('data'),
      XDG_CONFIG_HOME: this.in('config'),
      XDG_CACHE_HOME: this.in('cache'),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      // Without these, GTK starts daemons that outlive the test.
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.in('run', 'no-bus')}`,
      NO_AT_BRIDGE: '1',
      GSETTINGS_BACKEND: 'memory',
      GDK_BACKEND: 'x11',
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
