/**
 * The part of the WebAssembly interface that the connector uses. @types/node does not declare it.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
    static exports(module: Module): readonly unknown[]
  }
  class Memory {
    readonly buffer: ArrayBuffer
  }
  class Global {
    readonly value: number
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>
    constructor(module: Module, imports: Record<string, Record<string, unknown>>)
  }
}
