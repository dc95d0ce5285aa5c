// tvault as the process that becomes a confined program, and nothing else of it: it is started a hundred times.
import { confine } from '../../src/guard/confine.ts'

process.exit(confine())
