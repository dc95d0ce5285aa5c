// How the MCP SDK comes into the binary: without ajv, which writes programs at run time that load parts of it by name.
// The SDK uses it to check forms that a user has filled in, and none is ever sent.
import type { BunPlugin } from 'bun'

const REFUSING = `export class AjvJsonSchemaValidator {
  getValidator() { throw new Error('no forms are used') }
}
`

export const mcpPlugin: BunPlugin = {
  name: 'mcp-without-ajv',
  setup(build) {
    build.onLoad({ filter: /@modelcontextprotocol\/sdk\/dist\/esm\/validation\/ajv-provider\.js$/ }, () => ({
      contents: REFUSING,
      loader: 'js',
    }))
  },
}
