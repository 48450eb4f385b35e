/** Imports one of the program's modules from a folder of compiled ones: they are not transformed on their way, as the benchmark's own modules are. */
export function importCompiled<T>(modules: string, path: string): Promise<T> {
  return import(new URL(path, modules).href) as Promise<T>;
}
