package hooks

import (
	"fmt"
	"os"
	"strings"
)

// maxSecretFile bounds what is read from a file that holds a secret.
const maxSecretFile = 64 << 10

// oneOf returns the value of a key that may be given in a file instead.
func oneOf(key, value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s_file: is given beside %s, keep one of them", key, key)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("%s_file: cannot be read (%w), correct the path or its permissions", key, err)
	}
	defer f.Close()
	b := make([]byte, maxSecretFile+1)
	n := 0
	for n < len(b) {
		m, err := f.Read(b[n:])
		n += m
		if err != nil {
			break
		}
	}
	text := strings.TrimSpace(string(b[:n]))
	if text == "" || n > maxSecretFile {
		return "", fmt.Errorf("%s_file: %s is empty or larger than 64KiB, write the value into it and nothing else", key, file)
	}
	return text, nil
}
