package onetime

// checkSymbol returns the symbol that makes a code hold: the sum of a^i · s_i
// over all symbols s_1 … s_20 and the check symbol s_0 is 0 in the field of 32
// elements, where a generates its 31 elements other than 0.
//
// Every weight a^i (i = 0 … 20) is different from 0 and from all the others, so
// one wrong symbol anywhere changes the sum, and so does swapping any two
// different symbols, next to each other or not. Luhn's formula modulo 32 would
// miss swaps of a symbol of value 0 with one of value 31.
func checkSymbol(symbols []byte) byte {
	var sum byte
	for _, symbol := range symbols {
		sum = timesA(sum ^ symbol)
	}
	return sum // minus is plus in a field of characteristic 2
}

// timesA multiplies by a, a root of the primitive polynomial x^5 + x^2 + 1.
func timesA(element byte) byte {
	element <<= 1
	if element&32 != 0 {
		element ^= 32 | 1<<2 | 1
	}
	return element
}
