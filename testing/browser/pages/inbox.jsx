// A product's inbox with Knock's React components, and one line of Belay's: cards go when they are taken back.
import {
  KnockFeedProvider,
  KnockProvider,
  NotificationFeedPopover,
  NotificationIconButton,
  useKnockFeed,
} from '@knocklabs/react'
import '@knocklabs/react/dist/index.css'
import { useRef, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useRevocations } from '../../../client/react.ts'

const given = Object.fromEntries(new URLSearchParams(location.search))

function Inbox() {
  const [isVisible, setIsVisible] = useState(false)
  const button = useRef(null)
  const { feedClient } = useKnockFeed()
  useRevocations(feedClient, ({ ids }) => {
    window.revoked = [...(window.revoked ?? []), ...ids]
  })
  return (
    <>
      <NotificationIconButton ref={button} onClick={() => setIsVisible((was) => !was)} />
      <NotificationFeedPopover buttonRef={button} isVisible={isVisible} onClose={() => setIsVisible(false)} />
    </>
  )
}

createRoot(document.getElementById('root')).render(
  <KnockProvider apiKey={given.key} host={given.host} user={{ id: given.user }} userToken={given.token}>
    <KnockFeedProvider feedId={given.feed} colorMode={given.mode ?? 'light'}>
      <Inbox />
    </KnockFeedProvider>
  </KnockProvider>,
)
