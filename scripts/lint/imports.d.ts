export function sourceFiles(root: string, folder?: string): string[]
