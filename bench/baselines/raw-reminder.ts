import { defineSignal, setHandler, sleep } from '@temporalio/workflow'

const addSignal = defineSignal<[string]>('add')

/** One timer, one signal handler: what any reminder on Temporal has at least. */
export async function rawReminder(ms: number): Promise<string[]> {
  const users: string[] = []
  setHandler(addSignal, (user) => void users.push(user))
  await sleep(ms)
  return users
}
