import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command, docker } from './docker.ts'

export interface SmallDisk {
  /** Where its files are seen from this host; empty where there is none. */
  folder: string
  close(): Promise<void>
}

const SIZE = '1500M'

/**
 * A file system of its own as the volume of the project's Postgres, so that it can be filled. Made before the project: Compose
 * takes the volume it finds. Without root, or without loop devices, Compose makes an ordinary one.
 */
export async function smallDisk(within: string, project: string): Promise<SmallDisk> {
  const none = { folder: '', close: () => Promise.resolve() }
  if (process.getuid?.() !== 0) return none
  const [image, folder] = [join(within, 'disk.img'), join(within, 'disk')]
  mkdirSync(folder)
  try {
    await command('truncate', ['-s', SIZE, image])
    await command('mkfs.ext4', ['-q', '-m', '0', image])
    await command('mount', ['-o', 'loop', image, folder])
  } catch (error) {
    console.log(`Postgres has an ordinary volume: ${String(error)}`)
    return none
  }
  const bound = ['type=none', 'o=bind', `device=${folder}`].flatMap((option) => ['--opt', option])
  const labels = [`project=${project}`, 'volume=postgres'].flatMap((label) => [
    '--label',
    `com.docker.compose.${label}`,
  ])
  await docker('volume', 'create', ...bound, ...labels, `${project}_postgres`)
  return {
    folder,
    async close() {
      await command('umount', [folder])
      rmSync(image)
    },
  }
}
