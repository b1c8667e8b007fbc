import { once } from 'node:events'
import { createLog } from '../../settings/log.ts'
import { untilStopped } from '../../settings/stopping.ts'

// A process that fails in the way of its first argument, and says when it has finished what it had begun.
const stopping = untilStopped()
stopping.useLog(createLog({ LOG_LEVEL: 'info' }))
const ways: Record<string, () => unknown> = {
  throws: () => {
    throw new RangeError('out of it')
  },
  rejects: () => Promise.reject(new RangeError('out of it')),
  emits: () => process.emit('SIGTERM'),
}
setTimeout(() => void ways[process.argv[2]!]!(), 50)
await once(stopping.signal, 'abort')
process.stdout.write('finished\n')
process.exit(stopping.exitCode())
