/**
 * What the command line has around it: two screens, an environment, files, the network, a clock. Handed
 * in, so that every command runs in a test without a process of its own.
 */

export interface Screen {
  readonly write: (text: string | Uint8Array) => void
  /** A person may be looking: colours, cut columns and redrawn lines are welcome. */
  readonly isTerminal: boolean
  /** Characters a line holds; meaningless where it is no terminal. */
  readonly columns: number
}

export interface SourceFile {
  readonly size: number
  readonly stream: () => ReadableStream<Uint8Array>
}

export interface Surroundings {
  readonly out: Screen
  readonly err: Screen
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly fetch: typeof fetch
  /** Undefined where there is no such file; throws where it cannot be read. */
  readonly readText: (file: string) => string | undefined
  /** Undefined where there is no such file. */
  readonly openFile: (file: string) => SourceFile | undefined
  /** Makes or overwrites the file; throws where it cannot. */
  readonly writeFile: (file: string, octets: Uint8Array) => void
  /** Runs a program of ours to its end with our screens and signals; its exit code. */
  readonly runScript: (script: URL, args: readonly string[]) => Promise<number>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Calls `beat` again and again until the returned function is called. */
  readonly every: (milliseconds: number, beat: () => void) => () => void
  /** Resolves after `milliseconds`, or as soon as `signal` aborts. */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** Aborts when the user presses Ctrl-C. */
  readonly interrupted: AbortSignal
}
