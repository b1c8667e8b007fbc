import { openDataFolder } from '../../embedded/data-folder.ts'

// A process that holds the data folder of its first argument until it is killed.
await openDataFolder(process.argv[2]!)
process.stdout.write('held\n')
setInterval(() => undefined, 60_000)
