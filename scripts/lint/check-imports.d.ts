export interface ImportExceptions {
  /** `file -> room`, and why. */
  allowed: ReadonlyMap<string, string>
  /** `file` or `file name`, and why. */
  onlyTested: ReadonlyMap<string, string>
}

export function checkImports(root: string, exceptions?: ImportExceptions): string[]
