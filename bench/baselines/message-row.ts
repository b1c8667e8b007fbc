import type pg from 'pg'

const CHANNEL_ID = '00000000-0000-4000-8000-000000000001'
/** Above every row id of ours. */
const FIRST_ID = 2 ** 50

let next = FIRST_ID + process.pid * 100_000_000

/** Writes the row that Belay writes for one in-app message, as a job or an activity would: alone, and committed. */
export async function writeMessageRow(pool: pg.Pool, recipient: string, invite: string): Promise<void> {
  next += 1
  const body = `Hello **${recipient}**, your invite to Acme ends tomorrow.`
  const rendered = `<p>Hello <strong>${recipient}</strong>, your invite to Acme ends tomorrow.</p>`
  const url = `https://app.example.com/invites/${invite}`
  const blocks = [
    { name: 'body', type: 'markdown', content: body, rendered },
    { name: 'action_url', type: 'text', content: url, rendered: url },
  ]
  await pool.query({
    name: 'message-row',
    text: `insert into messages (recipient_run_id, number, step, step_ref, recipient, channel_id, channel_type, status, content,
             inserted_at, updated_at, settled_at)
           values ($1, 0, 1, 'in_app_feed_1', $2, $3, 'in_app_feed', 'delivered', $4, now(), now(), now())`,
    values: [next, recipient, CHANNEL_ID, JSON.stringify({ blocks })],
  })
}
