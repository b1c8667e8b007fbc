// A product that has stayed with version 0.8 of Knock's client, without React.
import Knock from 'knock-client-0.8'
import { onRevocations } from '../../../client/revocations.ts'

const given = Object.fromEntries(new URLSearchParams(location.search))
const knock = new Knock(given.key, { host: given.host })
knock.authenticate(given.user, given.token)
const feed = knock.feeds.initialize(given.feed)
const root = document.getElementById('root')

feed.store.subscribe(show)
feed.listenForUpdates()
feed.fetch()
onRevocations(feed)

function show() {
  const { items, metadata } = feed.store.getState()
  root.innerHTML = `<output>${metadata.unseen_count}</output><ul>${items.map(({ id }) => `<li>${id}</li>`).join('')}</ul>`
}
