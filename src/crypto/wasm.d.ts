// A WASM module is imported as the path of its file, which lies inside the program when that is compiled.
declare module '*.wasm' {
  const path: string
  export default path
}
