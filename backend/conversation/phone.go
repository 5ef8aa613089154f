package conversation

import "strings"

// betweenDigits are what people write between the digits of a phone number.
const betweenDigits = " -().\u00a0\u2011"

// Phone writes a phone number the way duplicate control compares them: "+", then
// country and number (C §8.3). Eleven digits that begin with 8 are a Russian
// number in its inland form, "00" is the sign for abroad. What cannot be brought
// into that form is kept as one short line.
func Phone(s string) string {
	s = line(s, 40)
	var digits strings.Builder
	for i, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0, strings.ContainsRune(betweenDigits, r):
		default:
			return s
		}
	}
	d := digits.String()
	switch {
	case strings.HasPrefix(s, "+") && d != "":
		return "+" + d
	case strings.HasPrefix(d, "00") && len(d) > 8:
		return "+" + d[2:]
	case len(d) == 11 && d[0] == '8':
		return "+7" + d[1:]
	case len(d) == 11 && d[0] == '7':
		return "+" + d
	}
	return s
}
