import { useEffect, useRef } from 'react'
import { onRevocations, type RevocableFeed, type Revocation } from './revocations.ts'

/**
 * In a component below `KnockFeedProvider`: `useRevocations(feedClient, …)` takes cards off the screen while somebody looks,
 * when their messages are canceled or archived elsewhere. `callback` hears which.
 */
export function useRevocations(feed: RevocableFeed | undefined, callback?: (revocation: Revocation) => void): void {
  const latest = useRef(callback)
  useEffect(() => {
    latest.current = callback
  })
  useEffect(() => (feed === undefined ? undefined : onRevocations(feed, (told) => latest.current?.(told))), [feed])
}
