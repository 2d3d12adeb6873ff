/**
 * Loads one bundle in a process of its own and prints what that took: `node load-bundle.cjs PATH`. JavaScript, because
 * stripping types would leave work behind that runs while the bundle loads.
 */
const [, , path] = process.argv
const write = process.stdout.write.bind(process.stdout)
// Libraries tell on loading that they are not in their cloud.
console.warn = console.error = () => {}
// The clock first: Node loads it when it is asked for the first time.
const startedMs = performance.now()
const used = process.cpuUsage()
require(path)
const { user, system } = process.cpuUsage(used)
const wallMs = performance.now() - startedMs
write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 }), () => process.exit(0))
