/** The digits in a typed or pasted text ("123 456", "Code: 123-456"), at most `length` of them. */
export const digitsOf = (text: string, length: number) => text.normalize('NFKC').replace(/\D/g, '').slice(0, length)
