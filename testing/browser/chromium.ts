import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PATHS = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where a Chromium is installed; undefined: tests in a browser are skipped, and say so. */
const chromiumPath = PATHS.find((path) => path !== undefined && existsSync(path))

export const noChromium = chromiumPath === undefined ? 'no Chromium is installed: set CHROMIUM_PATH' : false

/** A browser without a window. Ends with the test. */
export async function startChromium(t: { after(close: () => unknown): void }): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumPath!, args: QUIET })
  t.after(() => browser.close())
  return browser
}
