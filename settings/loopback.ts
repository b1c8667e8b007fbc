const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i

/** Whether somebody outside this host may connect to what listens on this address. */
export function isOpenToOthers(host: string): boolean {
  return !LOOPBACK.test(host)
}
