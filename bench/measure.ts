import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** Resource usage of one run of a process. CPU and memory are null where /proc is missing. */
export interface Usage {
  readonly seconds: number
  readonly cpuSeconds: number | null
  readonly peakRssBytes: number | null
  readonly stderr: string
}

/**
 * Destination of a measured process: the null device, a file, or a real pipe (not a socket) that
 * `cat` reads.
 */
export type Destination = 'null' | 'file' | 'cat'

const SAMPLE_INTERVAL_MS = 20
/** USER_HZ of Linux on every platform of Node.js: proc_pid_stat(5). */
const TICKS_PER_SECOND = 100
/** Index of utime, counted after the process name, which may contain blanks. */
const USER_TIME_INDEX = 11

/**
 * Runs `node …args`, or another program, and measures it.
 * @throws Error with its stderr if it fails.
 */
export async function measure(
  args: readonly string[],
  destination: Destination,
  program = process.execPath,
): Promise<Usage> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    if (destination === 'cat') return await runIntoCat(join(directory, 'pipe'), args, program)
    const path = destination === 'null' ? '/dev/null' : join(directory, 'output')
    return await runInto(openSync(path, 'w'), args, program)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Counts the lines and bytes that `node …args` writes. */
export async function countOutput(
  args: readonly string[],
): Promise<{ lines: number; bytes: number }> {
  const script = '"$@" | wc -lc'
  const child = spawn('/bin/sh', ['-c', script, 'sh', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [lines = 0, bytes = 0] = (await text(child.stdout)).trim().split(/\s+/).map(Number)
  return { lines, bytes }
}

async function runIntoCat(pipe: string, args: readonly string[], program: string): Promise<Usage> {
  execFileSync('mkfifo', [pipe])
  const cat = spawn('/bin/sh', ['-c', 'exec cat < "$0" > /dev/null', pipe], { stdio: 'ignore' })
  const [usage] = await Promise.all([
    runInto(openSync(pipe, 'w'), args, program),
    once(cat, 'exit'),
  ])
  return usage
}

async function runInto(stdout: number, args: readonly string[], program: string): Promise<Usage> {
  const startedMs = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', stdout, 'pipe'] })
  closeSync(stdout)
  if (child.stderr === null) throw new Error('stderr is not a pipe')
  const ended = once(child, 'exit').then(() => performance.now())
  const [endedMs, usage, stderr] = await Promise.all([ended, sampled(child), text(child.stderr)])
  if (child.exitCode !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr}`)
  return { seconds: (endedMs - startedMs) / 1000, ...usage, stderr }
}

/** Samples the process; the last sample is at most one interval old when the process ends. */
async function sampled(
  child: ChildProcess,
): Promise<{ cpuSeconds: number | null; peakRssBytes: number | null }> {
  let cpuSeconds: number | null = null
  let peakRssBytes: number | null = null
  while (child.exitCode === null && child.signalCode === null) {
    cpuSeconds = readCpuSeconds(child.pid) ?? cpuSeconds
    peakRssBytes = readPeakRssBytes(child.pid) ?? peakRssBytes
    await sleep(SAMPLE_INTERVAL_MS)
  }
  return { cpuSeconds, peakRssBytes }
}

/** CPU time of a process so far; null: it has ended, or there is no /proc. */
export function readCpuSeconds(pid: number | undefined): number | null {
  const stat = readProcFile(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[USER_TIME_INDEX]) + Number(fields[USER_TIME_INDEX + 1])
  return Number.isNaN(ticks) ? null : ticks / TICKS_PER_SECOND
}

function readPeakRssBytes(pid: number | undefined): number | null {
  const [, kibibytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readProcFile(`/proc/${pid}/status`)) ?? []
  return kibibytes === undefined ? null : Number(kibibytes) * 1024
}

function readProcFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // It has just ended, or there is no /proc
  }
}
