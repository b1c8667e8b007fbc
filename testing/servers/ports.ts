export { freePort } from '../../embedded/ports.ts'
