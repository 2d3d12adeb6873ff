/**
 * How what comes from outside is checked: zod in its small form, which is a fifth of zod in a function's bundle and loads
 * faster. It has no words for what is wrong until it is given some.
 *
 * For what is bundled. Tools and the declaration, which is compiled before, use `zod` itself.
 */
import { config } from 'zod/mini'
import { en } from 'zod/v4/locales'

config(en())

export * from 'zod/mini'
