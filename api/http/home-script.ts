import { EXAMPLE } from './home-page.ts'

/** The buttons of `/`: plain calls of the API, as anybody would make them. */
export const homeScript = `const people = { ada: 'Ada', grace: 'Grace', alan: 'Alan' }
const find = (id) => document.getElementById(id)
const table = document.querySelector('table')
const rows = document.querySelector('tbody')
let pending
let timer

const given = decodeURIComponent(location.hash.slice(1))
if (given.startsWith('sk_')) {
  sessionStorage.setItem('belay-key', given)
  history.replaceState(null, '', location.pathname)
}
find('key').value = sessionStorage.getItem('belay-key') ?? ''
if (find('key').value !== '') find('key-label').hidden = find('key-hint').hidden = true
find('key').addEventListener('input', () => sessionStorage.setItem('belay-key', find('key').value.trim()))

async function call(path, body) {
  const response = await fetch('/v1/' + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer ' + find('key').value.trim(), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (!response.ok) {
    if (response.status === 401 || response.status === 403) find('key-label').hidden = find('key-hint').hidden = false
    throw new Error(answer.message ?? 'status ' + response.status)
  }
  return answer
}

async function look() {
  const query = new URLSearchParams({ workflow: '${EXAMPLE}', cancelation_key: pending })
  const { items: runs } = await call('workflow_recipient_runs?' + query)
  const { items: messages } = await call('messages?' + new URLSearchParams({ workflow_run_id: runs[0].workflow_run_id }))
  rows.replaceChildren(...Object.keys(people).map((id) => {
    const run = runs.find(({ recipient }) => recipient === id)
    const row = document.createElement('tr')
    const sent = messages.filter(({ recipient }) => recipient === id).length
    for (const text of [people[id], sent === 0 ? 'none yet' : sent + ' sent', toCome(run)]) {
      row.insertCell().textContent = text
    }
    const button = document.createElement('button')
    button.textContent = 'Cancel'
    button.disabled = run === undefined || isOver(run)
    button.addEventListener('click', () => act(() => cancel([id])))
    row.insertCell().append(button)
    return row
  }))
  table.hidden = false
  find('cancel').disabled = runs.every(isOver)
  clearTimeout(timer)
  if (!runs.every(isOver)) timer = setTimeout(() => act(look), 1000)
}

const isOver = ({ status }) => status === 'completed' || status === 'cancelled'

function toCome(run) {
  if (run === undefined) return ''
  if (run.status === 'cancelled') return 'nothing: canceled'
  if (run.status === 'completed') return 'nothing more'
  if (run.scheduled_at === null) return 'being sent'
  return 'a second one in ' + Math.max(0, Math.ceil((Date.parse(run.scheduled_at) - Date.now()) / 1000)) + ' s'
}

async function cancel(recipients) {
  const { summary } = await call('workflows/${EXAMPLE}/cancel', { cancelation_key: pending, recipients })
  const told = Object.entries(summary).filter(([, count]) => count > 0)
  find('said').textContent = 'The cancel answered: ' + told.map(([what, count]) => count + ' ' + what).join(', ') + '.'
  await look()
}

async function act(work) {
  try {
    await work()
  } catch (error) {
    find('said').textContent = error.message
  }
}

find('trigger').addEventListener('click', () => act(async () => {
  pending = 'from-the-start-page-' + Date.now()
  find('said').textContent = ''
  const recipients = Object.entries(people).map(([id, name]) => ({ id, name }))
  await call('workflows/${EXAMPLE}/trigger', { recipients, cancelation_key: pending })
  await look()
}))
find('cancel').addEventListener('click', () => act(() => cancel(undefined)))
`
