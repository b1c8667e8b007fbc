import { CancellationScope, executeChild, proxyActivities, sleep } from '@temporalio/workflow'

interface Activities {
  writeRow(recipient: string): Promise<void>
}

const { writeRow } = proxyActivities<Activities>({ startToCloseTimeout: '60s' })

interface Input {
  recipients: string[]
  /** Epoch milliseconds. */
  at: number
}

/** A scope, a timer and an activity for each recipient. */
export async function activityPerRecipient({ recipients, at }: Input): Promise<void> {
  await Promise.all(
    recipients.map((recipient) =>
      new CancellationScope().run(async () => {
        await sleep(Math.max(1, at - Date.now()))
        await writeRow(recipient)
      }),
    ),
  )
}

/** A child workflow for each recipient. */
export async function childPerRecipient({ recipients, at }: Input): Promise<void> {
  await Promise.all(recipients.map((recipient) => executeChild(oneRecipient, { args: [recipient, at] })))
}

export async function oneRecipient(recipient: string, at: number): Promise<void> {
  await sleep(Math.max(1, at - Date.now()))
  await writeRow(recipient)
}
