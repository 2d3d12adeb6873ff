/** Stands for Node's `domain` in the functions framework (see function-runtime.ts): runs what it is given, follows nothing. */
process.domain = { bind: callback => callback }

exports.create = () => ({ on: () => undefined, run: work => work() })
