// The passphrase of all test vaults.
export const WORDS = 'correct horse battery staple'
