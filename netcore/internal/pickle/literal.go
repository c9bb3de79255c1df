package pickle

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

const (
	maxDigits10 = 4300 // of an integer, as in Python
	maxIntBits  = 14285
)

var errLong = errors.New("pickle holds an integer that is too long")

// decimal reads the integer in s, which may end in L.
func decimal(s string) (small int64, large *big.Int, err error) {
	s = strings.TrimSuffix(s, "L")
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		return v, nil, nil
	}
	if len(s) > maxDigits10+1 {
		return 0, nil, errLong
	}
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return 0, nil, errors.New("pickle holds an integer that is none")
	}
	return 0, v, nil
}

// long reads a little-endian integer in two's complement.
func long(b []byte) (small int64, large *big.Int, err error) {
	if len(b) > maxIntBits/8 {
		return 0, nil, errLong
	}
	big1 := make([]byte, len(b))
	for i, c := range b {
		big1[len(b)-1-i] = c
	}
	v := new(big.Int).SetBytes(big1)
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return v.Int64(), nil, nil
	}
	return 0, v, nil
}

// unquote reads a Python 2 string literal.
func unquote(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '\'' && s[0] != '"' {
		return "", errors.New("pickle holds a string without quotes")
	}
	return unescape(s[1:len(s)-1], false)
}

// unescape resolves Python's escapes: \u and \U if unicode is set, the others if it is not.
func unescape(s string, unicode bool) (string, error) {
	if strings.IndexByte(s, '\\') < 0 && !unicode {
		return s, nil
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			writeChar(&out, s[i], unicode)
			continue
		}
		i++
		digits := escapeDigits(s[i], unicode)
		switch {
		case digits > 0:
		case unicode:
			out.WriteByte('\\')
			writeChar(&out, s[i], unicode)
			continue
		default:
			out.WriteString(simpleEscape(s[i]))
			continue
		}
		if i+digits >= len(s) {
			return "", errors.New("pickle holds an escape that ends too early")
		}
		n, err := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
		if err != nil {
			return "", errors.New("pickle holds an escape that is none")
		}
		if unicode {
			out.WriteRune(rune(min(n, math.MaxInt32)))
		} else {
			out.WriteByte(byte(n))
		}
		i += digits
	}
	return out.String(), nil
}

// escapeDigits returns how many hexadecimal digits follow \c; 0 if it is no hexadecimal escape.
func escapeDigits(c byte, unicode bool) int {
	switch {
	case unicode && c == 'u':
		return 4
	case unicode && c == 'U':
		return 8
	case !unicode && c == 'x':
		return 2
	}
	return 0
}

// writeChar writes one byte of a literal. In raw-unicode-escape it is Latin-1.
func writeChar(out *strings.Builder, c byte, unicode bool) {
	if unicode {
		out.WriteRune(rune(c))
		return
	}
	out.WriteByte(c)
}

func simpleEscape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '\\', '\'', '"':
		return string(c)
	}
	return "\\" + string(rune(c))
}
